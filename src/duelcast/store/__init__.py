"""Everything that outlives the process: the database, its tables, and a repository per aggregate."""
