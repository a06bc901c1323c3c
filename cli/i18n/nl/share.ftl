# Elke zin die een gebruiker leest, Nederlands. Zelfde indeling als de Engelse; eenvoudige taal (B1).
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
