DELETE FROM published WHERE view_name = $1
