SELECT contents, position FROM rows WHERE id = $1
