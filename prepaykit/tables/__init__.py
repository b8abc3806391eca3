"""What the data is: the catalog of tables, status machines, findings, JobState and Plan. Imports nothing outward."""
