"""The rules, by the kinds of values they speak of."""
