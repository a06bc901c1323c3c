# Every sentence a user reads, English. One section a module; messages sorted by where they appear.
# Plain words, no blame. A failure says what happened; its "-hint" says what to do next.

## envelope
# (the header, the words, the payload)

## content
# (files and folders: reading, packing, unpacking)

## link

## client
# (talking to the relay)

## transfer
# (upload, download)

## ledger and configuration

## commands

## ui
# (the terminal)
