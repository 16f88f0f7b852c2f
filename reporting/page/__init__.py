"""The report: findings and figure files come in, one HTML page and a Markdown file go out."""
