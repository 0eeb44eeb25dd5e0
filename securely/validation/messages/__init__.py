"""What is said of data that breaks its rules: the words, and the bag they are kept in."""
