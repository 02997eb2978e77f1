-- Where the commit before the one that ends at ?1 ended, and its link.
SELECT position, link FROM events WHERE position < ?1 AND link IS NOT NULL ORDER BY position DESC LIMIT 1
