# Elke zin die een gebruiker leest, Nederlands. Zelfde indeling als de Engelse; eenvoudige taal (B1).
# Plain words, no blame. A failure says what happened; its "-hint" says what to do next.

## envelope
# (the header, the words, the payload)
words-unknown = Woord { $position } staat niet op de lijst: { $word }.
words-unknown-alike = Woord { $position } staat niet op de lijst: { $word }. Bedoelt u: { $alike }?
words-count = Er horen { $min } tot { $max } woorden te zijn; dit zijn er { $found }.
words-checksum = Deze woorden horen niet bij elkaar: er is één fout, of er zijn er twee verwisseld.

## content
# (files and folders: reading, packing, unpacking)

## link
link-damaged = Deze link is beschadigd: een deel is fout of ontbreekt.
link-damaged-hint = Kopieer de hele link, of vraag de afzender om hem opnieuw te sturen.
link-not-a-link = Dit is geen link van share.
link-not-a-link-hint = Een link ziet eruit als https://relay.example/s/… – geef alleen de link, zonder andere tekst.
link-hidden = Deze link loopt via { $host }, en die verbergt waar hij heen gaat.
link-hidden-hint = Open hem in een browser en kopieer het adres waar u uitkomt, of vraag de afzender om de link zelf.
link-insecure = { $host } staat er met http://, en dat is niet veilig op internet.
link-insecure-hint = Gebruik https://. Gewoon http:// mag alleen voor deze computer en voor adressen in een privénetwerk.
relay-url-invalid = Dit is niet het adres van een relay.
relay-url-invalid-hint = Een adres ziet eruit als https://relay.example, met hooguit een pad erachter.

## client
# (talking to the relay)

## transfer
# (upload, download)

## ledger and configuration

## commands

## ui
# (the terminal)
