SELECT format, log, epoch, checksum FROM meta WHERE one = 1
