SELECT format, log, epoch, merged, checksum FROM state WHERE one = 1
