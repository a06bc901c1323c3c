# Elke zin die een gebruiker leest, Nederlands. Zelfde indeling als de Engelse; eenvoudige taal (B1).
# Plain words, no blame. A failure says what happened; its "-hint" says what to do next.

## envelope
# (the header, the words, the payload)

## content
# (files and folders: reading, packing, unpacking)
content-nothing = Er is niets om te versturen: er zijn alleen koppelingen en speciale bestanden gevonden.
content-not-found = { $path } bestaat niet.
content-unreadable = { $path } kan niet worden gelezen.
content-changed = { $path } is veranderd tijdens het versturen.
content-special = { $path } is geen gewoon bestand en geen map.
content-nameless = { $path } heeft geen naam om mee te versturen. Noem een map die erin staat.
content-not-unicode = De naam van { $path } is geen geldige Unicode-tekst. Geef het een andere naam en probeer het opnieuw.
content-forbidden-name = { $path } heeft een naam die niet elke computer kan gebruiken. Geef het een andere naam en probeer het opnieuw.
content-same-name = { $first } en { $second } zouden bij de ontvanger dezelfde naam krijgen. Geef een van de twee een andere naam.
content-too-many = Er zijn meer bestanden en mappen dan de { $limit } die in één zending passen, of ze zijn samen te groot. Doe ze eerst in een archief.
content-message-long = Het bericht is te lang: hoogstens { $limit } KiB.
content-message-character = In het bericht staat een teken dat niet verstuurd kan worden: { $character }.
content-newer = Dit is verstuurd met een nieuwere versie van share. Werk share bij en probeer het opnieuw.
content-manifest = De lijst van wat er in deze zending zit, klopt niet. Vraag de afzender om het opnieuw te versturen.
content-archive = De inhoud van deze zending is niet wat het moet zijn, bij “{ $path }”. Er is niets bewaard. Vraag de afzender om het opnieuw te versturen.
content-input = De inhoud kan niet worden gelezen.
content-disk-full = De schijf is vol: { $path } kan niet worden geschreven.
content-no-permission = U mag { $path } niet schrijven.
content-in-the-way = { $path } staat in de weg en wordt niet vervangen.
content-write = { $path } kan niet worden geschreven.
name-empty = een deel van de naam is leeg
name-dots = “.” en “..” zijn geen namen
name-character = het teken { $character } staat erin
name-device = Windows gebruikt deze naam voor een apparaat
name-ending = de naam eindigt op een punt of een spatie
name-not-composed = de accenten hebben niet de gewone vorm (Unicode NFC)
name-long = de naam is langer dan { $bytes } bytes, of { $total } met de mappen erbij
name-deep = het bestand zit meer dan { $depth } mappen diep
fault-truncated = de inhoud houdt te vroeg op
fault-trailing = er staat nog iets na het einde
fault-malformed = de inhoud heeft niet de juiste vorm ({ $detail })
fault-type = er zit iets in dat geen bestand en geen map is (soort { $kind })
fault-name = er zit een verboden naam in
fault-same-name = dezelfde naam komt twee keer voor
fault-no-folder = er zit een bestand in buiten de genoemde mappen
fault-order = de inhoud staat niet op volgorde
fault-totals = de groottes of aantallen spreken elkaar tegen
fault-too-many = er zitten meer dan { $limit } bestanden en mappen in, of de lijst is te lang
fault-unlisted = er zit iets anders in dan was aangekondigd
fault-message = het bericht is te lang of bevat stuurtekens
skip-link = een koppeling; met --follow gaat mee waar die naar wijst
skip-broken = een koppeling naar niets
skip-loop = een koppeling naar een map waar die zelf in zit
skip-special = een apparaat, pijp of socket

## link

## client
# (talking to the relay)

## transfer
# (upload, download)

## ledger and configuration

## commands

## ui
# (the terminal)
