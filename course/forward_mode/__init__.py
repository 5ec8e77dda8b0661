"""Unit 4: derivatives that travel forward with the values, from dual numbers to a trained network."""
