"""KAM Workbook's helper library: import its modules by name, e.g. ``from kamlib import data, segmentation``."""
