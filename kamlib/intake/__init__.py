"""Behind the door of `kamlib.data`: reading, parsing, mapping and checking a company's tables, and cutting a book."""
