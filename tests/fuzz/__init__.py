"""Hostile and odd inputs for every command: made by own generators from fixed seeds, run in processes of their own.

`inputs/NAME.py` makes one kind of input, `serve.py` runs commands under limits, `test_fuzz.py` judges.
"""
