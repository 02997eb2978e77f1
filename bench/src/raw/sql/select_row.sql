SELECT body FROM rows WHERE tenant = ?1 AND key = ?2
