# Elke zin die een gebruiker leest, Nederlands. Zelfde indeling als de Engelse; eenvoudige taal (B1).
# Plain words, no blame. A failure says what happened; its "-hint" says what to do next.

## envelope
# (the header, the words, the payload)
envelope-header-malformed = Dit is geen age-bestand, of het begin ervan is beschadigd.
envelope-header-tampered = Het begin van het bestand is veranderd nadat het werd versleuteld.
envelope-needs-words = Dit is versleuteld met woorden; een privésleutel opent het niet.
envelope-needs-keys = Dit is versleuteld voor een privésleutel; woorden openen het niet.
envelope-wrong-words = Met deze woorden gaat het niet open.
envelope-no-identity-fits = Geen van uw privésleutels opent dit.
envelope-too-much-work = Een wachtwoord hierop proberen kost te veel rekenwerk: 2^{ $found }, en 2^{ $max } is het meeste.
envelope-tampered = De inhoud is veranderd of beschadigd nadat die werd versleuteld (bij blok { $chunk }).
envelope-truncated = De inhoud houdt te vroeg op: er ontbreekt een deel.
envelope-trailing-data = De inhoud is langer dan die hoort te zijn.
envelope-no-recipients = Er is geen openbare sleutel gegeven om voor te versleutelen.
envelope-too-many-recipients = Dit zijn te veel openbare sleutels voor één bestand.
envelope-recipients-do-not-mix = Post-kwantumsleutels en gewone openbare sleutels kunnen niet samen worden gebruikt.
envelope-system = De computer kon niet doen wat voor versleutelen nodig is.
key-unreadable = Het bestand met sleutels kan niet worden gelezen.
key-file-too-large = Het bestand is te groot voor een bestand met sleutels.
key-line = Regel { $line } is niet bruikbaar.
key-not-a-recipient = Dit is geen openbare sleutel: { $start }
key-secret = Dit is een privésleutel. Houd die voor uzelf, en geef de openbare sleutel.
key-plugin = Deze sleutel heeft het programma age-plugin-{ $name } nodig; share start geen andere programma's.
key-unsupported = Sleutels van de soort { $kind } worden niet ondersteund.
key-rsa-too-small = Deze RSA-sleutel is te zwak: die heeft minder dan 2048 bits.
key-rsa-too-large = Deze RSA-sleutel is te lang: die heeft meer dan 4096 bits.
key-none = Er staat geen sleutel in het bestand.
key-not-an-identity = Dit is geen privésleutel, of die is beschadigd.
key-passphrase-needed = De privésleutel is beveiligd met een wachtwoord, en dat is niet gegeven.
key-passphrase-wrong = Met dit wachtwoord gaat de privésleutel niet open.
key-encrypted = Het versleutelde bestand met privésleutels kan niet worden geopend.

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
