//! What messages say together and between the lines: threads.
