"""Charts: a finished frame in, Axes out. The only place that imports matplotlib; no business arithmetic here."""
