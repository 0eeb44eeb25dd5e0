"""Answers: who answers rules that ask: for what is stored, and for what was breached."""
