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

## link

## client
# (talking to the relay)

## transfer
# (upload, download)

## ledger and configuration

## commands

## ui
# (the terminal)
