//! Accounts: the configuration file.
