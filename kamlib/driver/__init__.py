"""Behind `reports` and `cli`: planning, running, publishing and binding a company's reports."""
