SELECT tables, number, link, forgotten, forgotten_link, generation FROM journals WHERE projection = $1
