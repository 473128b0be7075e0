"""How the demonstration company is made: one module per part of its life. ``generate.py`` puts them together."""
