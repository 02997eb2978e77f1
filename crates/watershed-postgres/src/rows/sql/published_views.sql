SELECT of, view_name, shown FROM published WHERE projection_name = $1
