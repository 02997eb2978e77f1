-- Written to find out whether the disk has room again; empty otherwise.
CREATE TABLE probe (data BLOB NOT NULL)
