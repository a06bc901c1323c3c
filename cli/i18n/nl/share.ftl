# Elke zin die een gebruiker leest, Nederlands. Zelfde indeling als de Engelse; eenvoudige taal (B1).
# Plain words, no blame. A failure says what happened, without a full stop, because its causes follow after a colon; its
# "-hint" says what to do next. Hints and notes end in a full stop, unless they end in something to type.

## envelope
# (the header, the words, the payload)
envelope-header-malformed = Dit is geen age-bestand, of het begin ervan is beschadigd
envelope-header-tampered = Het begin van het bestand is veranderd nadat het werd versleuteld
envelope-needs-words = Dit gaat open met woorden, niet met een sleutel
envelope-needs-keys = Dit gaat open met een privésleutel, niet met woorden
envelope-wrong-words = Met deze woorden gaat het niet open
envelope-no-identity-fits = Geen van uw privésleutels opent dit
envelope-too-much-work = Een wachtwoord hierop proberen kost te veel rekenwerk: 2^{ $found }; hoogstens 2^{ $max } is toegestaan
envelope-tampered = De inhoud is veranderd of beschadigd nadat die werd versleuteld (bij blok { $chunk })
envelope-truncated = De inhoud houdt te vroeg op: er ontbreekt een deel
envelope-trailing-data = De inhoud is langer dan die hoort te zijn
envelope-no-recipients = Er is geen openbare sleutel gegeven om voor te versleutelen
envelope-too-many-recipients = Dit zijn te veel openbare sleutels voor één bestand
envelope-recipients-do-not-mix = Post-kwantumsleutels en gewone openbare sleutels kunnen niet samen worden gebruikt
envelope-system = De computer kon niet doen wat voor versleutelen nodig is
envelope-library = De versleutelbibliotheek deed iets wat zij nooit doet: { $what }
key-unreadable = Het bestand met sleutels kan niet worden gelezen
key-file-too-large = Het bestand is te groot voor een bestand met sleutels
key-line = Regel { $line } is niet bruikbaar
key-not-a-recipient = Dit is geen openbare sleutel: { $start }
key-secret = Dit is een privésleutel; houd die voor uzelf, en geef de openbare sleutel
key-plugin = Deze sleutel heeft het programma age-plugin-{ $name } nodig; share start geen andere programma's
key-unsupported = Sleutels van de soort { $kind } worden niet ondersteund
key-rsa-too-small = Deze RSA-sleutel is te zwak: die heeft minder dan 2048 bits
key-rsa-too-large = Deze RSA-sleutel is te lang: die heeft meer dan 4096 bits
key-none = Er staat geen sleutel in het bestand
key-not-an-identity = Dit is geen privésleutel, of die is beschadigd
key-passphrase-needed = De privésleutel is beveiligd met een wachtwoord, en dat is niet gegeven
key-passphrase-wrong = Met dit wachtwoord gaat de privésleutel niet open
key-encrypted = Het versleutelde bestand met privésleutels kan niet worden geopend
words-unknown = Woord { $position } klopt niet: { $word }. Kijk of u het goed hebt getypt
words-unknown-alike = Woord { $position } klopt niet: { $word }. Bedoelt u: { $alike }?
words-unknown-place = Woord { $position } klopt niet
words-count = { $found ->
    [0] Vul de woorden in
    [one] U hebt 1 woord ingevuld; meestal zijn het er 6
   *[other] U hebt { $found } woorden ingevuld; meestal zijn het er 6
}
words-checksum = De woorden passen niet bij elkaar: er klopt er een niet, of de volgorde is anders. Dit telt niet als poging

## content
# (files and folders: reading, packing, unpacking)
content-nothing = Er is niets om te versturen: er zijn alleen koppelingen en speciale bestanden gevonden
content-not-found = { $path } bestaat niet
content-unreadable = { $path } kan niet worden gelezen
content-changed = { $path } is veranderd tijdens het versturen
content-special = { $path } is geen gewoon bestand en geen map
content-nameless = { $path } heeft geen naam om mee te versturen; geef een map op die erin staat
content-forbidden-name = { $path } heeft een naam die niet elke computer kan gebruiken; geef het een andere naam en probeer het opnieuw
content-too-many = Er zijn meer bestanden en mappen dan de { $limit } die in één zending passen, of ze zijn samen te groot; doe ze eerst in een archief
content-message-long = Het bericht is te lang: hoogstens { $limit } KiB
content-message-character = In het bericht staat een teken dat niet kan worden verstuurd: { $character }
content-sender-length = De naam van de afzender (--from, SHARE_FROM) moet 1 tot { $most } tekens hebben
content-sender-character = In de naam van de afzender (--from, SHARE_FROM) staat een teken dat niet overal te zien is: { $character }
content-sender-spaces = In de naam van de afzender (--from, SHARE_FROM) staan twee of meer spaties achter elkaar
content-newer = Dit is verstuurd met een nieuwere versie van share
content-manifest = De lijst van wat er in deze zending zit, klopt niet
content-archive = De inhoud van deze zending klopt niet, bij “{ $path }”
content-input = De inhoud kan niet worden gelezen
content-disk-full = De schijf is vol: { $path } kan niet worden geschreven
content-no-permission = U mag { $path } niet schrijven
content-name-taken = { $path } heet voor deze schijf hetzelfde als iets anders in deze zending
content-in-the-way = { $path } staat in de weg en wordt niet vervangen
content-unnameable = { $path } kan op deze plek niet zo heten
content-too-large = { $path } is groter dan een bestand op deze plek kan zijn
content-write = { $path } kan niet worden geschreven
content-partly = Niet alles kon worden opgeslagen. Opgeslagen is: { $saved }
name-empty = een deel van de naam is leeg
name-dots = “.” en “..” zijn geen namen
name-character = het teken { $character } staat erin
name-device = Windows gebruikt deze naam voor een apparaat
name-ending = de naam eindigt op een punt of een spatie
name-not-composed = de accenten hebben niet de gewone vorm (Unicode NFC)
name-unassigned = { $character } staat erin, en dat is geen teken in Unicode { $version }
name-long = de naam is langer dan { $bytes } bytes, of { $total } met de mappen erbij
name-deep = het bestand zit meer dan { $depth } mappen diep
name-staging = zo heet een map voor downloads die nog niet klaar zijn
name-not-unicode = het is geen geldige Unicode-tekst
name-same = voor sommige computers is het ook de naam van { $other }
fault-truncated = de inhoud houdt te vroeg op
fault-trailing = er staat nog iets na het einde
fault-malformed = de inhoud heeft niet de juiste vorm
fault-type = er zit iets in dat geen bestand en geen map is (soort { $kind })
fault-name = er zit een verboden naam in
fault-same-name = dezelfde naam komt twee keer voor
fault-no-folder = er zit een bestand in buiten de genoemde mappen
fault-order = de inhoud staat niet op volgorde
fault-totals = de groottes of aantallen spreken elkaar tegen
fault-too-many = er zitten meer dan { $limit } bestanden en mappen in, of de lijst is te lang
fault-unlisted = er zit iets anders in dan was aangekondigd
fault-message = het bericht is te lang of bevat stuurtekens
fault-sender = de naam van de afzender is leeg, te lang of bevat tekens die niet te zien zijn
fault-nonce = deze lijst is met dezelfde nonce versleuteld als de inhoud, en dat mag nooit
skip-link = een koppeling; met --follow gaat mee waarnaar die wijst
skip-broken = een koppeling naar niets
skip-loop = een koppeling naar een map waar die zelf in zit
skip-special = een apparaat, pijp of socket
skip-unfinished = de map van een download die nog niet klaar is
skip-vanished = het is intussen verwijderd
skip-not-whole = het kan niet worden gelezen of is tijdens het versturen veranderd

## link
link-damaged = Deze link is beschadigd: een deel is fout of ontbreekt
link-damaged-hint = Kopieer de hele link, of vraag de afzender de link opnieuw te versturen.
link-not-a-link = Dit is geen link van share
link-not-a-link-hint = Een link ziet eruit als https://relay.example/s/… – geef alleen de link, zonder andere tekst.
link-hidden = Deze link loopt via { $host }, en daardoor is niet te zien waar de link heen gaat
link-hidden-hint = Open de link in een browser en kopieer het adres waar u uitkomt, of vraag de afzender om de link zelf.
link-insecure = { $host } staat er met http://, en dat is niet veilig op internet
link-insecure-hint = Gebruik https://. Gewoon http:// mag alleen voor deze computer en voor adressen in een privénetwerk.
relay-url-invalid = Dit is niet het adres van een server van share
relay-url-link = Dit is de link van een zending, niet het adres van een server
relay-url-link-hint = De server ervan is { $relay }. Ophalen waar de link naartoe leidt: share get
relay-url-invalid-hint = Een adres ziet eruit als https://relay.example, met hooguit een pad erachter.

## client
# (talking to the relay)

client-unreachable = De server is niet te bereiken, of de verbinding is verbroken
client-unreachable-hint = Controleer uw netwerkverbinding en probeer het opnieuw. Blijft het misgaan? Vraag dan de beheerder van de server.
client-later-hint = De andere kant vraagt om { $wait } te wachten. Probeer het daarna opnieuw, of geef meer tijd met --patience.
client-stalled = De server of het netwerk reageert niet meer
client-untrusted = Het certificaat van de server wordt niet vertrouwd ({ $why })
client-untrusted-hint = Controleer het adres van de server en de klok van deze computer. Kijkt een proxy op kantoor mee in verbindingen? Laat dan het certificaat daarvan installeren.
client-no-tls = Een beveiligde verbinding is niet mogelijk ({ $why })
client-no-tls-hint = Wat daar antwoordt, spreekt geen TLS, of niet zoals dat nu gesproken wordt. Controleer het adres.
client-proxy-password = De proxy vraagt om een naam en een wachtwoord, of om andere dan hij kreeg
client-proxy-password-hint = Het is niet nog eens geprobeerd, zodat geen account wordt geblokkeerd. Zet ze in het adres van de proxy, http://NAAM:WACHTWOORD@HOST:POORT, of vraag uw systeembeheerder.
client-bad-proxy = { $variable } noemt geen proxy die share kan gebruiken
client-bad-proxy-hint = Het moet http://HOST:POORT zijn, of https://, socks4://, socks4a://, socks5:// of socks5h://. Verbeter het, of laat het leeg om zonder proxy te werken.
client-through-proxy = { $what } (via de proxy { $proxy })
client-through-proxy-hint = Controleer het adres van de proxy en uw netwerkverbinding, en probeer het opnieuw. Gaat het weer mis, vraag dan uw systeembeheerder.
proxy-of-variable = { $address } uit { $variable }
proxy-of-system = { $address } uit de instellingen van het systeem
client-intercepted = Iets onderweg antwoordt in plaats van de server, zoals de inlogpagina van een netwerk
client-problem = De server weigert ({ $code })
client-problem-hint = Deze versie van share en de server begrijpen elkaar niet, of het is geen server van share. Controleer het adres; klopt dat, meld dit dan bij de beheerder van de server.
client-status = Iets onderweg naar de server antwoordde met fout { $status }
client-status-too-large = Iets onderweg naar de server laat niet zoveel tegelijk door
client-status-too-large-hint = Meld dit bij de beheerder van de server: de webserver ervoor moet verzoeken van 64 MiB doorlaten.
client-redirected = Het antwoord verwijst naar een ander adres; share volgt zo'n antwoord nooit
client-bad-answer = Het antwoord is niet dat van een server van share ({ $what })
client-bad-answer-hint = Misschien zit er een inlogpagina van een netwerk of een proxy tussen. Open eerst een webpagina in uw browser; lukt dat, controleer dan het adres van de server.
client-content-changed = De server geeft nu iets anders dan toen de download begon
client-waiting-for-sender = Wachten op de afzender ({ $percent } % is er)

## transfer
# (upload, download)

transfer-waiting = { $why }; nieuwe poging…
transfer-storing = Wachten tot de server het heeft opgeslagen…
transfer-stdin = De standaardinvoer kan niet worden gelezen
transfer-smaller-parts = Iets onderweg laat geen grote delen door; het gaat verder met kleinere.
transfer-sealed-differently = Wat wordt verstuurd, is niet meer wat het was toen deze zending begon
transfer-journal-unwritable = Wat nodig is om later verder te gaan met een zending, kan niet worden bewaard in { $path }
transfer-comparing = Intussen is er in bestanden geschreven; ze worden vergeleken met wat is verstuurd…
transfer-journal = Wat nodig is om later verder te gaan met een zending, kan niet op deze computer worden bewaard
transfer-not-the-content = Wat de server geeft, is niet wat er is verstuurd
transfer-tags = Wat is opgehaald, kan niet worden bijgehouden

## failures
# (what error.rs tells)

clock-before-1970 = De klok van deze computer staat op een tijd vóór 1970
clock-hint = Zet de klok goed en probeer het opnieuw.
corrupt-hint = Er is niets opgeslagen. Probeer het opnieuw. Gaat het weer mis, vraag dan de afzender het opnieuw te versturen, en meld het bij de beheerder van de server.
corrupt-sender-hint = Er is niets opgeslagen. Het programma van de afzender heeft dit zo gemaakt; het is onderweg niet veranderd. Opnieuw proberen helpt dus niet: vraag de afzender het opnieuw te versturen.
content-changed-hint = Wacht tot niets het bestand meer wijzigt en verstuur het opnieuw.
content-newer-hint = Installeer de nieuwste versie van share, of open de link in een browser.
content-name-taken-hint = Sla het op een andere schijf op, of vraag de afzender een van de twee een andere naam te geven.
disk-full-hint = Maak ruimte vrij, of kies een plaats op een andere schijf.
no-permission-hint = Kies een plaats waar u mag schrijven.
file-too-large-hint = Kies een map op een andere schijf: op een USB-stick met FAT32 passen alleen bestanden onder 4 GB.
name-not-possible-hint = Kies een map met een korter pad, of op een andere schijf.
no-randomness = Het systeem geeft geen willekeurige getallen
no-threads = Het systeem geeft geen threads
no-signals = Het systeem meldt niet wanneer share moet stoppen
output-exists = { $path } bestaat al
output-exists-hint = Kies een andere naam, of verplaats wat er staat.
relay-busy = De server heeft het te druk
relay-conflict = De server heeft voor deze zending iets anders dan wat is verstuurd
relay-conflict-hint = Verstuur het opnieuw. Gebeurt dit nog eens, meld het dan bij de beheerder van de server.
relay-failed = Er ging iets mis bij de server
relay-failed-hint = Probeer het later opnieuw. Blijft het misgaan, meld het dan bij de beheerder van de server.
relay-lost-parts = De server is een deel van de zending kwijt
relay-lost-parts-hint = Gebeurt dit nog eens, meld het dan bij de beheerder van de server.
relay-needs-token = De server vraagt om een afzendertoken
relay-token-unknown = De server kent dit token niet
relay-needs-token-hint = Vraag de beheerder van de server om een token. Zet het in de variabele SHARE_TOKEN of SHARE_TOKEN_FILE, of geef: share login URL
relay-not-manager = De sleutel op deze computer past niet bij deze zending
relay-storage-full = De server heeft niet genoeg ruimte meer
relay-storage-full-hint = Probeer het later opnieuw, of vraag de beheerder van de server om ruimte te maken.
relay-storage-missing = De opslag van de server is er op dit moment niet
relay-storage-failing = De server kan op dit moment niets opslaan: de schijf hapert of is alleen-lezen
relay-storage-hint = Wat de server bewaart, hoeft daardoor niet verloren te zijn. Probeer het later opnieuw. Blijft het misgaan, meld het dan bij de beheerder van de server.
relay-record-damaged = Wat de server over deze zending heeft vastgelegd, is beschadigd
relay-record-damaged-hint = Opnieuw proberen helpt pas als het is hersteld. Meld het bij de beheerder van de server; kunt u niet wachten, dan moet het opnieuw worden verstuurd.
relay-content-damaged = Wat de server heeft opgeslagen, is beschadigd
relay-content-damaged-hint = Er is niets opgeslagen, en opnieuw proberen helpt niet. Vraag de afzender het opnieuw te versturen en meld het bij de beheerder van de server.
relay-expiry-too-long = De server bewaart niets zo lang
relay-expiry-too-long-hint = Er is niets verstuurd. Verstuur het opnieuw met een kortere tijd: --expires { $limit } is de langste.
relay-too-large = De server accepteert niet zoveel tegelijk (grens: { $limit })
relay-too-large-hint = Er is niets verstuurd. Verstuur minder tegelijk, of vraag de beheerder van de server om meer toe te staan.
share-collected = Het is al opgehaald, op { $at }. De afzender staat niet meer downloads toe
share-downloads-taken = Alle downloads die de afzender toestond, zijn in gebruik
share-downloads-taken-hint = Haalt iemand het nu op, probeer het dan opnieuw als dat klaar is. Is dat het niet, vraag de afzender dan het opnieuw te versturen.
share-expired = Het is op { $at } verlopen
share-gone-hint = Vraag de afzender het opnieuw te versturen.
share-locked = Het is op slot tot { $until }, omdat er te vaak verkeerde woorden zijn gegeven
share-locked-hint = Wacht tot dan, of vraag de afzender dit te typen: share unlock LINK
share-not-ready = De afzender is nog niet klaar met versturen
share-not-ready-percent = De afzender is nog niet klaar met versturen ({ $percent } %)
share-not-ready-hint = Probeer het iets later opnieuw.
share-revoked = De afzender heeft het op { $at } ingetrokken
share-ticket-ended = De server laat deze download niet verdergaan
share-ticket-ended-hint = De tijd ervoor is om, of iemand anders die de woorden kent, haalt het nu op. Probeer het later opnieuw.
share-unknown = De server kent deze link niet
share-unknown-hint = Misschien is de zending al lang verlopen. Vraag de afzender om een nieuwe link. Is de link van kort geleden, dan mist de server misschien even zijn opslag: probeer het later opnieuw of vraag het de beheerder van de server.
share-words-wrong = Met deze woorden gaat het niet open: { $left ->
    [one] u hebt nog één poging
   *[other] u hebt nog { $left } pogingen
}
share-words-wrong-locked = Met deze woorden gaat het niet open, en dat was de laatste poging: het is op slot tot { $until }
system-hint = Sluit andere programma's en probeer het opnieuw.
unexpected = Er ging iets mis in share: { $what }
unexpected-hint = Dit hoort niet te gebeuren. Meld het alstublieft, met deze tekst.
words-hint = Vergelijk elk woord met wat de afzender u heeft verteld.

## ledger and configuration

config-damaged = De instellingen in { $path } zijn beschadigd
config-no-home = Het systeem noemt geen persoonlijke map, waarin share bewaart wat hiervoor nodig is
config-no-home-hint = Noem een map met de variabele HOME, bijvoorbeeld: HOME=/tmp/share share list
home-hint = Geef share rechten om daar te lezen en te schrijven, of noem een andere persoonlijke map met de variabele HOME.
home-full-hint = Maak daar ruimte vrij, of noem een andere persoonlijke map met de variabele HOME.
config-unreadable = De instellingen in { $path } kunnen niet worden gelezen
config-unwritable = De instellingen in { $path } kunnen niet worden geschreven
ledger-damaged = De administratie van zendingen is beschadigd
ledger-not-here = U hebt dit niet vanaf deze computer verstuurd
ledger-not-here-hint = Alleen de computer die het verstuurde, kan het zien, stoppen of ontgrendelen. `share list` toont wat vanaf deze computer is verstuurd.
ledger-unreadable = De administratie van zendingen, in { $path }, kan niet worden gelezen
ledger-unwritable = De administratie van zendingen, in { $path }, kan niet worden geschreven
time-not-a-duration = { $text } is geen tijd zoals 30s, 5m, 12h, 7d of 2w
time-not-a-deadline = { $text } is geen tijd die share begrijpt, zoals 6h, 06:30 of “2026-12-24 17:00”
time-not-understood = { $text } is geen tijd die share begrijpt
time-not-a-lifetime = { $text } is geen tijd in de toekomst
time-over = { $text } is voorbij volgens de klok van de server, waar het { $now } is
time-not-a-lifetime-hint = Schrijf 12h, 7d, 2w, een datum zoals 24-12-2026 of 2026-12-24, of een tijd zoals "24-12-2026 17:00".

## commands


# send
send-link = Link:    { $link }
send-words = Woorden: { $words }
send-advice = Verstuur de link per e-mail. Lees de woorden voor aan de telefoon; zet ze nooit in hetzelfde bericht.
send-ready = Klaar. Het kan worden opgehaald tot { $until }.
send-skipped = Niet verstuurd: { $path } ({ $reason })
send-names = { $count ->
    [one] Eén naam kan niet op elke computer worden gebruikt; met een naam die wel kan:
   *[other] { $count } namen kunnen niet op elke computer worden gebruikt; met namen die wel kunnen:
}
send-renamed = { $path } → { $name } ({ $why })
send-ask-names = Versturen met deze gewijzigde namen?
send-names-refused = { $count ->
    [one] Eén naam kan niet op elke computer worden gebruikt; er is niets verstuurd
   *[other] { $count } namen kunnen niet op elke computer worden gebruikt; er is niets verstuurd
}
send-names-hint = Voeg --rename toe om alles te versturen met de gewijzigde namen hierboven. Op deze computer blijven de namen zoals ze zijn.
send-names-exact-hint = Wijzig de namen zelf, of verstuur alles met de gewijzigde namen hierboven: --rename.
send-refused = { $count } bestanden of mappen kunnen niet worden verstuurd
send-refused-hint = Voeg --skip-changed toe om de rest zonder deze te versturen.
send-refused-path-hint = Maak het pad korter, of verstuur alles in een archief: tar c MAP | share send - --name MAP.tar
send-ask-without = De rest zonder deze versturen?
send-not-whole = { $path } kan niet in zijn geheel worden verstuurd: het is veranderd, verwijderd of niet meer te lezen
send-ask-anew-without = De rest opnieuw versturen, zonder dit en met een andere link? De link hierboven werkt dan niet meer.
send-anew-without = De rest wordt opnieuw verstuurd, met een andere link; de link hierboven werkt niet meer.
send-grown = { $path } is tijdens het versturen gegroeid; verstuurd is wat er aan het begin in stond ({ $size })
send-here = Zonder server: deze computer deelt het zelf op { $relay }, voor ontvangers op hetzelfde netwerk.
send-here-loopback = Zonder server en zonder netwerk: deze computer deelt het zelf op { $relay }, alleen voor deze computer.
send-no-relay = Er is geen server opgegeven, en zonder terminal deelt deze computer het alleen zelf als daarom wordt gevraagd
send-no-relay-hint = Geef een server op met --relay URL, met de variabele SHARE_RELAY of eens voor al met share config set relay URL; of deel het vanaf deze computer met --here.
send-taking-back = De zending wordt ingetrokken… Met Ctrl-C blijft die staan.
send-taken-back = De zending is ingetrokken; er staat niets meer op de server.
send-not-taken-back = De zending kon niet worden ingetrokken. Geef later: share revoke { $link }
send-bad-recipient = Dat is geen sleutel waarvoor versleuteld kan worden
send-bad-recipients-file = De openbare sleutels in { $path } zijn niet bruikbaar
send-keys-need-no-words = Met openbare sleutels zijn er geen woorden om op te slaan
send-message-unreadable = Het bericht in { $path } kan niet worden gelezen
send-name-without-stdin = --name is alleen voor de standaardinvoer
send-words-need-file = Bij --passphrase-file hoort de naam van een bestand; zonder die optie worden de woorden getoond
send-stdin-needs-name = Geef voor de standaardinvoer alleen - op, en --name NAAM
here-cannot-start = Deze computer kan dit niet zelf delen
here-unwritable = Wat deze computer zou delen, kan niet worden bewaard in { $path }
here-public-hint = Deze computer heeft een openbaar adres, waar een onversleutelde verbinding niet veilig is. Gebruik een server: share send --relay URL
here-not-built-in = Deze versie van share kan niet vanaf deze computer delen
here-not-built-in-hint = Geef een server op: share send --relay URL
here-waiting = Laat dit venster open tot het is opgehaald. Ctrl-C stopt het delen.
here-received = Ongewijzigd ontvangen door de ontvanger.
here-given-to-browser = Ongewijzigd naar de downloads van de ontvanger verstuurd; diens browser kan het tot { $until } opnieuw downloaden. Laat dit venster tot dan open, of tot de ontvanger zegt dat het bestand er is.
here-expired = Het is verlopen voordat het was opgehaald
here-revoked = Het is ingetrokken
here-stopped = Gestopt; het kan niet meer worden opgehaald
send-kept = De zending wordt bewaard om er later mee verder te gaan. Intrekken kan met: share revoke { $link }
send-kept-hint = Ga verder met: share resume
send-kept-home-hint = Ga verder zodra dat weer lukt, bijvoorbeeld als u daar ruimte hebt gemaakt: share resume
send-kept-changed-hint = Staat het bestand er weer zoals het was: share resume. Herhaal `share send` met --new om te versturen wat er nu staat.
send-kept-not-whole-hint = Staan de bestanden er weer zoals ze waren: share resume. Herhaal `share send` met --new --skip-changed om de rest zonder deze te versturen.
send-kept-stdin-hint = Geef om verder te gaan dezelfde bytes door aan dezelfde opdracht, met --resume.

# resume
resume-ask = Dit is eerder begonnen en niet afgemaakt: { $link }. Wilt u daarmee verdergaan? Bij nee wordt die zending ingetrokken en begint een nieuwe.
resume-not-asked = Dit is eerder begonnen en niet afgemaakt: { $link }. Voeg --resume toe om daarmee verder te gaan; dit is een nieuwe zending.
resume-ask-anew = Opnieuw versturen, en de onvoltooide zending intrekken?
resume-going-on = Het gaat verder; de server heeft al { $size }.
resume-none = Er is geen onvoltooide zending om mee verder te gaan
resume-none-hint = `share list` toont wat vanaf hier is verstuurd. Opnieuw versturen gaat met: share send
resume-several = Er zijn verschillende onvoltooide zendingen
resume-several-hint = Noem er één: share resume LINK
  { $links }
resume-running = Een ander programma verstuurt dit nog: { $link }
resume-stdin = Deze zending kwam van de standaardinvoer
resume-stdin-hint = Geef om verder te gaan dezelfde bytes door aan dezelfde opdracht, met --resume.
resume-changed = { $path } is veranderd sinds deze zending begon; verdergaan kan daarom niet
resume-changed-somewhere = Bestanden of mappen zijn veranderd sinds deze zending begon; verdergaan kan daarom niet
resume-changed-hint = Herhaal de opdracht `share send` met --new om te versturen wat er nu staat; de onvoltooide zending wordt dan ingetrokken.
resume-gone-hint = Verdergaan kan niet. Verstuur het opnieuw: share send
resume-clocks-hint = Volgens de klok van deze computer niet; wat nodig is om verder te gaan, blijft daarom bewaard. Loopt de klok van de server verkeerd, herhaal deze opdracht dan zodra die weer goed loopt; geef het anders op: share revoke { $link }
resume-taken-back = De onvoltooide zending is ingetrokken: { $link }
resume-not-taken-back = De onvoltooide zending kon niet worden ingetrokken; de server verwijdert die na twee dagen: { $link }

# get
get-ask-words = De woorden van de afzender:
get-ask-identity = Wachtwoord voor { $path }:
get-words-unreadable = De woorden in { $path } kunnen niet worden gelezen
get-needs-words = Dit gaat open met woorden, niet met een sleutel
get-needs-identity = Dit gaat open met een privésleutel, niet met woorden
get-needs-identity-hint = Geef uw sleutelbestand op: share get LINK --identity BESTAND
get-bad-identity = De sleutel in { $path } is niet bruikbaar
get-sender = Van: { $sender } (zo noemt de afzender zich)
get-message = Bericht van de afzender:
get-contents = { $files ->
    [one] Eén bestand
   *[other] { $files } bestanden
}, { $size }:
get-until = Het kan worden opgehaald tot { $time }.
get-confirm = Opslaan in { $folder }?
get-declined = Er is niets opgeslagen
get-interrupted = Gestopt; er is niets opgeslagen
get-interrupted-kept = Gestopt; { $percent } % ervan is bewaard
get-interrupted-kept-hint = Verdergaan kan met dezelfde opdracht. Wilt u niet verder, verwijder dan { $folder }
get-kept = { $percent } % ervan is bewaard in { $folder }: dezelfde opdracht gaat van daar verder.
get-not-private = Bestanden die privé waren, zijn dat hier niet: wie { $folder } kan gebruiken, kan ze lezen
get-not-placed = Wat is opgehaald, is bewaard in { $folder }: dezelfde opdracht gaat van daar verder.
get-not-here = In die map kan het niet worden uitgepakt; wat is opgehaald, is daarom verwijderd. Ophalen in een andere map telt als dezelfde download.
get-kept-removed = Wat er eerder van was opgehaald, is verwijderd.
get-still-kept = Wat er eerder van is opgehaald, blijft bewaard in { $folder }.
get-kept-clocks-hint = Volgens de klok van deze computer niet; wat is opgehaald, is daarom bewaard in { $folder }. Loopt de klok van de server verkeerd, dan gaat dezelfde opdracht verder zodra die weer goed loopt; vraag anders de afzender het opnieuw te versturen.
get-going-on = Een eerdere download gaat verder: { $percent } % is er al.
get-checking = Controleren
get-still-sending = De afzender is nog aan het versturen; u krijgt de rest zodra die er is.
get-clocks-differ = Volgens de klok van de server is het { $now }, volgens die van deze computer { $here }. De tijden hier zijn die van de server.
get-ticket-over = De tijd van de eerdere download was voorbij; verdergaan telt als nog een keer ophalen.
get-remove-left = Een download van { $link } is nooit voltooid. Verwijderen wat er al van is, in { $folder }?
get-removed-left = Verwijderd wat er over was van een oude download van { $link }.
get-receipt-interrupted = Gestopt voordat de server de ontvangstbevestiging had
get-verified = Ongewijzigd ontvangen:
get-renamed = { $wanted } bestaat al; opgeslagen als { $actual }
get-no-receipt = Alles is opgeslagen, maar de afzender kon geen bericht krijgen: { $why }
get-receipt-kept = Alles is opgeslagen, maar de afzender kon het nog niet horen: { $why }. De volgende `share get`, `share send` of `share resume` op deze computer laat het alsnog weten.
get-receipt-sent-now = De afzender heeft nu gehoord dat dit is ontvangen: { $link }
get-saved-before = Dit is bij een eerdere keer al opgeslagen; het wordt niet opnieuw opgehaald.
get-gone-since = { $path } is gewijzigd of verwijderd nadat het was opgeslagen; het wordt straks opnieuw opgehaald
get-stdout-needs-one-file = Alleen één bestand kan naar de standaarduitvoer; dit zijn er meer
get-ciphertext-saved = Opgeslagen, nog versleuteld en niet gecontroleerd. Openen gaat met: age --decrypt BESTAND
get-contents-many = { $files } bestanden, { $size }; te veel om allemaal te noemen.
get-confirm-stdout = Naar de standaarduitvoer schrijven?
get-rest-beside = Niet alles kon in { $wanted }, want er staat iets in de weg; de rest is opgeslagen als { $actual }
get-stdout-or-json = Naar de standaarduitvoer kan het bestand of JSON, niet allebei. Laat --json of --output - weg
get-stdout-corrupt-hint = Wat al naar de standaarduitvoer is geschreven, mag u niet gebruiken. Probeer het opnieuw. Gaat het weer mis, vraag dan de afzender het opnieuw te versturen, en meld het bij de beheerder van de server.
get-ciphertext-needs-file = Bij --ciphertext hoort de naam van een bestand
get-not-empty = Er staat al iets in { $folder }, en in geen resultaten staat dat het van deze link is
get-not-empty-hint = Er is niets opgehaald of veranderd. Is het waar de link naartoe leidt, zet dan de resultaten terug waarin dat staat; verplaats het anders, en voer het opnieuw uit.
get-no-room = Er is niet genoeg ruimte in { $path }: nodig is { $needed }, vrij is { $free }
get-too-deep = Het pad van { $path } is zo lang dat het systeem het met de namen van deze zending niet kan volgen
get-staging-swapped = Iemand anders heeft de map voor onvoltooide downloads in { $path } veranderd; er is niets opgeslagen
get-staging-swapped-hint = Kies met --output een map waarin alleen u kunt schrijven.
get-ticket-unwritable = Wat daarvoor nodig is, kan niet worden bewaard in { $path }
get-ticket-not-kept = Mislukt het ophalen, dan telt een nieuwe poging als nog een keer ophalen: { $why }

# status, revoke, unlock, list
state-uploading = Wordt nog verstuurd.
state-ready = Klaar; het kan worden opgehaald tot { $until }.
state-locked = Op slot tot { $until } na te veel verkeerde woorden. Ontgrendelen gaat met: share unlock { $link }
state-given = Naar de downloads van de ontvanger verstuurd; het kan nog worden opgehaald tot { $until }.
state-received = Ontvangen; het kan nog worden opgehaald tot { $until }.
state-collected = Opgehaald zo vaak als u toestond; de inhoud is van de server verwijderd.
state-content-until = Gebeurt er verder niets, dan verwijdert de server de inhoud op { $until }.
state-damaged = Wat de server ervan bewaart, is beschadigd: dat bleek toen iemand het wilde downloaden. Verstuur het opnieuw en meld het bij de beheerder van de server.
state-revoked = Ingetrokken; de inhoud is van de server verwijderd.
state-expired = Verlopen; de inhoud is van de server verwijderd.
event-created = zending begonnen
event-ready = geheel verstuurd
event-wrong-proof = iemand gaf verkeerde woorden
event-locked = op slot tot { $until } na te veel verkeerde woorden
event-unlocked = door u ontgrendeld
event-ticket = download begonnen
event-ticket-again = download opnieuw begonnen, in plaats van de vorige
event-ticket-returned = download niet afgemaakt; die telt niet mee
event-receipt = ongewijzigd ontvangen door de ontvanger op { $time } (echte ontvangstbevestiging)
event-receipt-browser = ongewijzigd naar de downloads van de ontvanger verstuurd op { $time }; kan nog even opnieuw worden gedownload (echte ontvangstbevestiging)
event-receipt-confirmed = de ontvanger bevestigde op { $time } dat het bestand er is (echte ontvangstbevestiging)
event-receipt-unverified = een ontvangstbevestiging die NIET echt is; vertrouw er niet op
event-damaged = op de server beschadigd gevonden; verstuur het opnieuw
event-collected = opgehaald zo vaak als u toestond; inhoud verwijderd
event-revoked = door u ingetrokken; inhoud verwijderd
event-expired = verlopen; inhoud verwijderd
revoke-done = Ingetrokken. De inhoud is van de server verwijderd en lopende downloads zijn afgebroken.
unlock-done = Ontgrendeld. De ontvanger kan het opnieuw proberen.
sent-unknown = De server kent deze zending niet, of niet meer
sent-unknown-hint = Een server vergeet een zending 30 dagen nadat die is geëindigd. Zou de server deze moeten kennen, dan is zijn opslag er misschien even niet, en wat deze computer ervan bewaart, blijft: probeer het later opnieuw of vraag het de beheerder van de server.
sent-collected = Het is opgehaald, op { $at }, zo vaak als u toestond
sent-revoked = U hebt het op { $at } ingetrokken
sent-expired = Het is op { $at } verlopen
list-files = { $files ->
    [one] één bestand
   *[other] { $files } bestanden
}, { $size }
list-and-more = en nog { $count }
list-unfinished = (niet af; ga verder met: share resume)
list-empty = Er is vanaf deze computer nog niets verstuurd.
list-damaged = { $path } is overgeslagen: { $why }

# batch
batch-template-path = rapport.pdf
batch-template-name = J. Jansen
batch-template-message = Hier is het bestand waarover we spraken.
batch-template-written = Een voorbeeld staat in { $path }. In paths en recipient staat | tussen meer waarden.
no-working-folder = De huidige map is weg
batch-secret-unreadable = Het geheim van batches in { $path } kan niet worden gelezen
batch-secret-unwritable = Het geheim van batches kan niet worden geschreven in { $path }
batch-secret-damaged = Het geheim van batches in { $path } is beschadigd
batch-secret-damaged-hint = Zet het terug uit een back-up. Verwijder het alleen als er geen batch opnieuw wordt uitgevoerd: met een ander worden rijen waarvan de resultaten weg zijn nog eens verstuurd.
batch-one-file-twice = { $path } is voor twee dingen genoemd; elk heeft een eigen bestand nodig
batch-not-begun = Aan niet alle rijen is begonnen
batch-not-begun-hint = Voer dezelfde opdracht opnieuw uit; die doet wat er ontbreekt.
batch-not-taken-back = Een onvoltooide versie van deze rij kon niet worden ingetrokken: { $link }
batch-not-taken-back-hint = Zodat niemand er twee krijgt, wordt de rij nog niet opnieuw verstuurd. Voer de batch opnieuw uit zodra de server bereikbaar is.
batch-other-run = In { $path } staan de resultaten van een andere keer
batch-other-run-hint = Noem een ander bestand voor de resultaten van deze keer. Is het bestand verplaatst, noem de keer dan met --run: zoals die heette, of met het pad dat de resultaten hadden.
batch-state = In de thuismap kan niet worden geschreven, en het geheim waardoor niets dubbel wordt verstuurd, staat erin
batch-state-hint = Laat het programma daar schrijven, zoals eerder.
batch-table-quote = Een aanhalingsteken in regel { $line } van { $path } wordt niet gesloten, of niet aan het eind van de cel
batch-table-quote-hint = Sluit het, of schrijf het dubbel als het zo bedoeld is. Er is niets verstuurd: wat volgt, zou naar de ontvanger van die rij zijn gegaan.
batch-line = regel { $line }
batch-row-malformed = De rij past niet bij de kolommen
batch-row-twice = Dezelfde sleutel als in regel { $line }
batch-row-twice-hint = Geef elke rij een eigen sleutel in de kolom key; zonder wordt die gemaakt van paths, recipient, to en case.
batch-row-not-plain = De kolom { $column } heeft meer dan 200 tekens, of tekens die niet te tonen zijn
batch-row-downloads = { $text } is geen aantal downloads
batch-row-address = { $text } is geen e-mailadres
batch-row-pattern = { $text } is geen patroon van paden
batch-row-no-match = Niets past bij { $text }
batch-row-unreadable = { $path } kan niet worden gelezen
batch-row-changed = De bestanden of het bericht zijn niet die welke verstuurd zijn
batch-row-changed-hint = Wat verstuurd is, blijft zoals het is. Geef de rij een andere sleutel om ook de nieuwe te versturen.
batch-row-sent = { $key }: verstuurd
batch-row-before = { $key }: was al verstuurd
batch-row-ok = { $key }: kan worden verstuurd
batch-row-too-large = De rij is groter dan de server aanneemt: { $limit }
batch-row-too-long = Zo lang bewaart de server niets, hoogstens { $limit }
batch-no-room = Alle rijen samen vragen { $needed }, en de server heeft ruimte voor { $free }
batch-no-results = Een batch schrijft in een bestand wat er van elke rij geworden is
batch-no-relay = Er is geen server om via te versturen
batch-no-relay-hint = Noem er een met --relay URL of de variabele SHARE_RELAY, of stel er een in: share config set relay URL
batch-no-program = Er is geen programma { $program }
batch-state-beside = Er is geen thuismap waarin geschreven kan worden: wat nodig is om verder te gaan, staat in { $path }.
batch-results-unwritable = De resultaten kunnen niet worden geschreven, dus er wordt aan geen rij meer begonnen
batch-words-unwritable = De woorden kunnen niet worden geschreven
batch-words-nowhere = De rij heeft geen sleutel van een ontvanger, dus er zijn woorden nodig, en die kunnen nergens heen
batch-words-nowhere-hint = Noem er een bestand voor: --words BESTAND.
batch-words-kept = Bij --words-command en --words-file-per-row hoort --words, zodat er geen woorden verloren gaan als het eerder stopt
batch-words-file-name = { $key } kan geen bestandsnaam zijn; geef de rij een andere sleutel
batch-words-command = { $program } heeft de woorden niet aangenomen: { $why }
batch-words-command-slow = het is na { $seconds } seconden beëindigd
batch-words-lost = De rij is verstuurd, maar de woorden staan niet waar woorden worden bewaard
batch-words-lost-hint = Zonder de woorden kan niemand het openen. Trek het in met: share revoke { $link }, en geef de rij een andere sleutel.
batch-words-unknown = Een eerdere keer is gestopt terwijl de woorden werden doorgegeven; niemand weet of ze zijn aangekomen
batch-words-unknown-hint = Zoek het uit, zet dan done, of niets, in de kolom handed_over van de woorden, en voer het opnieuw uit.
batch-in-use = { $path } is in gebruik bij een ander proces
batch-in-use-hint = Wacht tot dat klaar is. Het slot verdwijnt met het proces.
batch-table-unreadable = { $path } kan niet worden gelezen
batch-table-no-text = { $path } is geen tekst in UTF-8 of UTF-16
batch-table-no-text-hint = Sla het op als “CSV UTF-8”.
batch-table-unwritable = { $path } kan niet worden geschreven
batch-table-column = { $path } heeft een kolom { $column } die niet bekend is, of die er twee keer staat
batch-table-column-hint = Bekend zijn: { $columns }. Een voorbeeld: share batch new BESTAND
batch-table-no-column = { $path } heeft geen kolom { $column }
batch-table-damaged = Regel { $line } van { $path } is niet zoals share die schrijft
batch-table-damaged-hint = Herstel de regel, of noem een ander bestand. Er is niets veranderd.
batch-too-many-attempts = Aan de rij is honderd keer begonnen, en het is nooit afgemaakt
batch-too-many-attempts-hint = Geef de rij een andere sleutel.
batch-some-failed = Niet alle rijen zijn klaar
batch-some-failed-hint = Ze staan in { $path }. Verbeter ze daar en voer dat bestand meteen uit met dezelfde resultaten, of voer de tabel opnieuw uit.
batch-check-failed = Niet alle rijen kunnen worden verstuurd
batch-check-done = { $rows ->
    [one] Eén rij
   *[other] { $rows } rijen
}, { $size }: { $failed ->
    [0] alles kan worden verstuurd
    [one] één kan niet worden verstuurd
   *[other] { $failed } kunnen niet worden verstuurd
}.
batch-stopped = Gestopt; voer het opnieuw uit om verder te gaan
batch-fetch-received = { $key }: ontvangen
batch-fetch-before = { $key }: was al ontvangen
batch-fetch-key = { $key } kan niet de naam van een map zijn
batch-fetch-key-hint = Geef de rij een andere sleutel.
batch-fetch-twice = Dezelfde map als in regel { $line }
batch-fetch-twice-hint = Geef elke rij een eigen sleutel in de kolom key. Sleutels die alleen in hoofdletters en kleine letters verschillen, zijn op veel computers één map.
batch-fetch-other-link = In de resultaten staat deze sleutel bij een andere link: { $link }
batch-fetch-other-link-hint = Wat ontvangen is, blijft zoals het is. Geef de rij een andere sleutel om ook deze link op te halen.
batch-fetch-words = Dit gaat open met woorden, en die staan in geen tabel
batch-fetch-words-hint = Haal het op met: share get { $link }
batch-watch-no-folder = Op { $path } kan niet worden gelet
batch-watch-begins = Op { $path } wordt gelet.
batch-watch-stopped = Gestopt. Waaraan begonnen was, gaat bij de volgende start verder.
batch-watch-no-renames = Het systeem meldt niet dat iets een andere naam krijgt ({ $why }): wat zo in de map komt, wordt pas opgepakt als het een tijdje niet verandert.
batch-watch-rules-unreadable = { $path } kan niet worden gelezen
batch-watch-rules-line = Regel { $line } van { $path }: { $what }
batch-watch-rules = { $path }: { $what }
batch-watch-rules-whom = Er moet in staan voor wie de bestanden zijn (recipient), of waar hun woorden heen gaan (words), niet allebei
batch-watch-rules-hint = Bijvoorbeeld: recipient = "age1…", of words = "woorden.csv", dat dan naast de map staat.
batch-watch-rules-broken = { $what }. Er wordt niets meer opgepakt tot dat hersteld is.
batch-watch-rules-mended = De regels zijn weer in orde.
batch-watch-words-inside = Woorden mogen niet worden bewaard in de map waarop gelet wordt
batch-watch-words-nowhere = Er is geen map voor { $path }
batch-watch-words-lost-hint = Zonder de woorden kan niemand het openen. Trek het in met: share revoke { $link }, geef het bestand een nieuwe tijd (touch) en zet het weer in de map.
batch-watch-left-alone = Het is geen bestand en geen map, en blijft staan
batch-watch-again = { $what }. Het wordt opnieuw geprobeerd.
batch-watch-pause = { $what }. Het wordt opnieuw geprobeerd tot het lukt.
batch-watch-goes-on = Het lukt weer.
batch-watch-contents-hint = Maak dat in orde, en zet het opnieuw in de map.
batch-watch-not-moved = Het is afgehandeld, en kan nog niet worden verplaatst naar { $into }/
batch-watch-sent = { $name }: { $link }
batch-watch-failed = { $name }: mislukt

# login, config
login-ask-token = Uw afzendertoken:
login-done = Voortaan verstuurt share via { $relay }.
login-token-malformed = Een afzendertoken heeft 64 tekens: cijfers en a tot en met f
token-malformed = Wat { $source } geeft is geen afzendertoken: dat heeft 64 tekens, cijfers en a tot en met f
token-unreadable = Het bestand dat { $source } noemt kan niet worden gelezen
token-twice = SHARE_TOKEN en SHARE_TOKEN_FILE zijn allebei gezet; laat er een leeg
token-file-stdin = SHARE_TOKEN_FILE moet het pad van een bestand zijn, en niet - voor de standaardinvoer
config-relay-set = Voortaan verstuurt share via { $relay }.
config-relay = Server: { $relay }
config-no-relay = Er is geen server ingesteld; share deelt vanaf deze computer.
config-token = Afzendertoken voor: { $relay }

# doctor
doctor-page-released = { $relay } geeft browsers precies de pagina van share { $version }.
doctor-page-now = Dit is wat de server nu aan deze computer geeft: de bytes van elk bestand, en de headers die bepalen wat een browser ermee doet. `share get` hoeft de pagina van geen enkele server te vertrouwen.
doctor-page-differs = { $relay } geeft niet de pagina van share { $version }; deze bestanden zijn anders: { $files }
doctor-page-differs-hint = De server zegt { $software } te zijn, en dit is share { $version }. Bij een andere versie hoort een andere pagina. Is de versie dezelfde, typ dan geen woorden op die pagina: gebruik `share get`, en meld het aan de beheerder van de server.
doctor-no-relay = Er is geen server om te controleren
doctor-no-relay-hint = Noem er een: share doctor --relay URL, of geef een link: share doctor LINK

# batch: samenvatting en bewaking
batch-summary = { $rows ->
    [one] Eén rij
   *[other] { $rows } rijen
}: { $results }; { $time }
batch-rows-done = { $count } klaar ({ $size })
batch-rows-before = { $count } al eerder klaar
batch-rows-failed = { $count } mislukt
batch-rows-not-begun = { $count } niet begonnen
batch-output-no-folder = De map waarin { $path } moet komen, is er niet
batch-output-foreign = { $path } bestaat al en is niet door share batch geschreven
batch-output-unreadable = { $path } bestaat al en kan niet worden gelezen
batch-output-unwritable = { $path } kan niet worden geschreven
batch-ping-invalid = Het adres bij --ping is niet bruikbaar
batch-ping-invalid-hint = Geef het hele adres, met https:// en zonder gebruikersnaam. Gewoon http:// mag alleen voor deze computer en voor adressen in een privénetwerk.
batch-ping-unreadable = Het adres voor --ping in { $path } kan niet worden gelezen
batch-ping-failed = De bewakingsdienst kreeg geen bericht: { $why }
ping-unreachable = die is niet te bereiken ({ $why })
ping-stalled = die antwoordt niet
ping-untrusted = het certificaat ervan wordt niet vertrouwd ({ $why })
ping-status = die antwoordde met fout { $status }
batch-report-address = Dit is geen e-mailadres voor --report: { $address }
batch-report-complete = share batch { $command }: alles is klaar
batch-report-incomplete = share batch { $command }: NIET alles is klaar
batch-report-times = Begonnen op { $start }, geëindigd op { $end }.
batch-report-error = Gestopt door de fout { $code } (exitcode { $exit }).
batch-report-again = Voer dezelfde opdracht nog eens uit om te doen wat ontbreekt.
batch-report-failed = Mislukte rijen, met hun sleutel (key):
batch-report-retryable = { $code } (kan de volgende keer wel lukken)
batch-sendmail-missing = Er is geen programma sendmail om het verslag mee te versturen
batch-sendmail-missing-hint = Installeer er een, bijvoorbeeld dat van Postfix of msmtp, of laat het verslag in een bestand zetten: --report BESTAND
batch-sendmail-failed = Het verslag kon niet aan sendmail worden gegeven
batch-sendmail-ended = sendmail heeft het verslag niet aangenomen ({ $how })
batch-sendmail-stalled = sendmail heeft het verslag niet op tijd aangenomen

## ui
# (the terminal)

ui-warning = let op: { $text }
ui-hint = tip: { $text }
ui-cannot-ask = De vraag kan niet worden gesteld
ui-cannot-print = De uitvoer kan niet worden geschreven
ui-stopped = Gestopt
stdin-twice = De standaardinvoer kan maar voor één ding worden gelezen; - staat er meer dan één keer voor
ui-no-terminal = Er moet een vraag worden beantwoord, maar er is geen terminal
ui-no-terminal-hint = Geef het antwoord op de opdrachtregel met { $option }
ui-yes = ja
ui-no = nee
ui-yes-or-no = Antwoord met ja of nee.
