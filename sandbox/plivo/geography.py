"""Where numbers are: area codes with their places, rate centers, LATAs and local calling areas.

The subscriber parts are those that regulators keep for films and tests, where a country has such a range:
the exchanges 555, 958 and 959 in North America, Ofcom's, ARCEP's, ACMA's and the Bundesnetzagentur's drama
numbers. So the stock looks real and rings nobody.
"""

from __future__ import annotations

from typing import NamedTuple


class Country(NamedTuple):
    iso: str
    calling_code: str
    title: str


class Place(NamedTuple):
    city: str | None
    rate_center: str | None


class Area(NamedTuple):
    """A run of numbers of one kind: `stems` are national digits, after which `free` digits vary."""

    country: str
    sub_type: str
    prefix: str
    stems: tuple[str, ...]
    free: int
    share: int
    region: str | None = None
    calling_area: str | None = None
    lata: int | None = None
    places: tuple[Place, ...] = (Place(None, None),)


COUNTRIES = {
    country.iso: country
    for country in (
        Country("US", "1", "United States"),
        Country("CA", "1", "Canada"),
        Country("GB", "44", "United Kingdom"),
        Country("DE", "49", "Germany"),
        Country("FR", "33", "France"),
        Country("AU", "61", "Australia"),
        Country("BR", "55", "Brazil"),
        Country("IN", "91", "India"),
    )
}

_BAY, _GOTHAM, _ANGELES = "San Francisco Bay", "New York City", "Los Angeles"

_LocalRow = tuple[str, str, str, int, str]
_ElsewhereRow = tuple[str, str, tuple[str, ...], int, int, str, str]

# area code, state, local calling area, LATA, "CITY:RATE CENTER" joined by commas (named twice counts twice)
_NORTH_AMERICA: dict[str, tuple[_LocalRow, ...]] = {
    "US": (
        (
            "415",
            "California",
            _BAY,
            722,
            "SAN FRANCISCO:SNFC CNTRL,SAN FRANCISCO:SNFC CNTRL,SAN RAFAEL:SAN RAFAEL,SAUSALITO:SAUSALITO",
        ),
        ("628", "California", _BAY, 722, "SAN FRANCISCO:SNFC CNTRL,NOVATO:NOVATO"),
        ("510", "California", "East Bay", 722, "OAKLAND:OKLD MN-PD,BERKELEY:OKLD BKLY,FREMONT:FRMTNEWARK"),
        ("650", "California", "Peninsula", 722, "PALO ALTO:PALO ALTO,SAN MATEO:SAN MATEO"),
        ("408", "California", "South Bay", 722, "SAN JOSE:SNJS WEST,CAMPBELL:SNJS WEST"),
        ("916", "California", "Sacramento", 726, "SACRAMENTO:SCRM MAIN,FOLSOM:FOLSOM"),
        ("213", "California", _ANGELES, 730, "LOS ANGELES:LSAN DA 01,LOS ANGELES:LSAN DA 03"),
        ("310", "California", _ANGELES, 730, "BEVERLY HILLS:BEVERLYHLS,SANTA MONICA:SNMN SNMN"),
        ("619", "California", "San Diego", 732, "SAN DIEGO:SNDG SNDG,CHULA VISTA:CHULAVISTA"),
        ("212", "New York", _GOTHAM, 132, "NEW YORK:NWYRCYZN01"),
        ("646", "New York", _GOTHAM, 132, "NEW YORK:NWYRCYZN01"),
        ("718", "New York", _GOTHAM, 132, "BROOKLYN:NWYRCYZN13,QUEENS:NWYRCYZN09"),
        ("716", "New York", "Buffalo", 140, "BUFFALO:BUFFALO"),
        ("312", "Illinois", "Chicago", 358, "CHICAGO:CHICGOZN01"),
        ("773", "Illinois", "Chicago", 358, "CHICAGO:CHICGOZN04"),
        ("713", "Texas", "Houston", 560, "HOUSTON:HOUSTON"),
        ("214", "Texas", "Dallas", 552, "DALLAS:DALLAS"),
        ("512", "Texas", "Austin", 558, "AUSTIN:AUSTIN,ROUND ROCK:ROUND ROCK"),
        ("210", "Texas", "San Antonio", 566, "SAN ANTONIO:SANANTONIO"),
        ("617", "Massachusetts", "Boston", 128, "BOSTON:BOSTON,CAMBRIDGE:CAMBRIDGE"),
        ("206", "Washington", "Seattle", 674, "SEATTLE:SEATTLE"),
        ("303", "Colorado", "Denver", 656, "DENVER:DENVER,BOULDER:BOULDER"),
        ("305", "Florida", "Miami", 460, "MIAMI:MIAMI"),
        ("407", "Florida", "Orlando", 458, "ORLANDO:ORLANDO"),
        ("813", "Florida", "Tampa", 952, "TAMPA:TAMPACEN"),
        ("404", "Georgia", "Atlanta", 438, "ATLANTA:ATLANTA"),
        ("215", "Pennsylvania", "Philadelphia", 228, "PHILADELPHIA:PHLA ZN 01"),
        ("412", "Pennsylvania", "Pittsburgh", 234, "PITTSBURGH:PITTSBGZN1"),
        ("602", "Arizona", "Phoenix", 666, "PHOENIX:PHOENIX"),
        ("503", "Oregon", "Portland", 672, "PORTLAND:PORTLAND"),
        ("612", "Minnesota", "Minneapolis", 628, "MINNEAPOLIS:TWINCITIES"),
        ("313", "Michigan", "Detroit", 340, "DETROIT:DETROITZN1"),
        ("202", "District of Columbia", "Washington", 236, "WASHINGTON:WSHNGTNZN1"),
        ("702", "Nevada", "Las Vegas", 721, "LAS VEGAS:LAS VEGAS"),
        ("615", "Tennessee", "Nashville", 470, "NASHVILLE:NASHVILLE"),
        ("504", "Louisiana", "New Orleans", 490, "NEW ORLEANS:NEWORLEANS"),
        ("801", "Utah", "Salt Lake City", 660, "SALT LAKE CITY:SALT LKCY"),
        ("314", "Missouri", "St. Louis", 520, "SAINT LOUIS:SAINTLOUIS"),
        ("704", "North Carolina", "Charlotte", 422, "CHARLOTTE:CHARLOTTE"),
        ("614", "Ohio", "Columbus", 324, "COLUMBUS:COLUMBUS"),
    ),
    "CA": (
        ("416", "Ontario", "Toronto", 888, "TORONTO:TORONTO"),
        ("613", "Ontario", "Ottawa", 888, "OTTAWA:OTTAWAHULL"),
        ("514", "Quebec", "Montreal", 888, "MONTREAL:MONTREAL"),
        ("418", "Quebec", "Quebec", 888, "QUEBEC:QUEBEC"),
        ("604", "British Columbia", "Vancouver", 888, "VANCOUVER:VANCOUVER,SURREY:NEWTON"),
        ("403", "Alberta", "Calgary", 888, "CALGARY:CALGARY"),
        ("780", "Alberta", "Edmonton", 888, "EDMONTON:EDMONTON"),
        ("204", "Manitoba", "Winnipeg", 888, "WINNIPEG:WINNIPEG"),
        ("902", "Nova Scotia", "Halifax", 888, "HALIFAX:HALIFAX"),
    ),
}
_TOLLFREE = {"US": ("800", "888", "877", "866", "855", "844"), "CA": ("833",)}

# country, area code, the digits before the free ones, how many are free, share, region, city
_ELSEWHERE: tuple[_ElsewhereRow, ...] = (
    ("GB", "20", ("2079460",), 3, 400, "England", "LONDON"),
    ("GB", "113", ("1134960",), 3, 150, "England", "LEEDS"),
    ("GB", "114", ("1144960",), 3, 150, "England", "SHEFFIELD"),
    ("GB", "117", ("1174960",), 3, 150, "England", "BRISTOL"),
    ("GB", "121", ("1214960",), 3, 150, "England", "BIRMINGHAM"),
    ("GB", "161", ("1614960",), 3, 150, "England", "MANCHESTER"),
    ("GB", "131", ("1314960",), 3, 150, "Scotland", "EDINBURGH"),
    ("GB", "141", ("1414960",), 3, 150, "Scotland", "GLASGOW"),
    ("GB", "29", ("2920180",), 3, 150, "Wales", "CARDIFF"),
    ("DE", "30", ("3023125",), 3, 300, "Berlin", "BERLIN"),
    ("DE", "69", ("6990009",), 3, 300, "Frankfurt", "FRANKFURT"),
    ("DE", "89", ("8999998",), 3, 300, "Munich", "MUNICH"),
    ("DE", "221", ("2214710",), 3, 300, "Cologne", "COLOGNE"),
    ("DE", "40", ("4066969",), 3, 300, "Hamburg", "HAMBURG"),
    ("FR", "1", ("19900",), 4, 400, "Ile-de-France", "PARIS"),
    ("FR", "2", ("26191",), 4, 200, "Bretagne", "RENNES"),
    ("FR", "3", ("35301",), 4, 200, "Grand Est", "STRASBOURG"),
    ("FR", "4", ("46571",), 4, 200, "Auvergne-Rhone-Alpes", "LYON"),
    ("FR", "5", ("53649",), 4, 200, "Occitanie", "TOULOUSE"),
    ("AU", "2", ("25550", "27010"), 4, 350, "New South Wales", "SYDNEY"),
    ("AU", "3", ("35550", "37010"), 4, 350, "Victoria", "MELBOURNE"),
    ("AU", "7", ("75550", "77010"), 4, 350, "Queensland", "BRISBANE"),
    ("AU", "8", ("85550", "87010"), 4, 350, "Western Australia", "PERTH"),
    ("BR", "11", ("113000",), 4, 300, "Sao Paulo", "SAO PAULO"),
    ("BR", "21", ("213000",), 4, 200, "Rio de Janeiro", "RIO DE JANEIRO"),
    ("BR", "31", ("313000",), 4, 200, "Minas Gerais", "BELO HORIZONTE"),
    ("BR", "41", ("413000",), 4, 200, "Parana", "CURITIBA"),
    ("BR", "51", ("513000",), 4, 200, "Rio Grande do Sul", "PORTO ALEGRE"),
    ("BR", "61", ("613000",), 4, 200, "Distrito Federal", "BRASILIA"),
    ("IN", "80", ("804555",), 4, 400, "Karnataka", "BANGALORE"),
    ("IN", "22", ("224555",), 4, 400, "Maharashtra", "MUMBAI"),
    ("IN", "11", ("114555",), 4, 400, "Delhi", "NEW DELHI"),
    ("IN", "44", ("444555",), 4, 300, "Tamil Nadu", "CHENNAI"),
    ("IN", "40", ("404555",), 4, 300, "Telangana", "HYDERABAD"),
)
_ANYWHERE = (
    Area("GB", "mobile", "7700", ("7700900",), 3, 400),
    Area("GB", "national", "306", ("3069990",), 3, 200),
    Area("GB", "tollfree", "808", ("8081570",), 3, 200),
    Area("DE", "mobile", "171", ("17139200",), 2, 60),
    Area("DE", "mobile", "176", ("176040690",), 2, 60),
    Area("FR", "mobile", "6", ("63998",), 4, 300),
    Area("AU", "mobile", "491", ("491570",), 3, 300),
    Area("AU", "tollfree", "1800", ("1800975",), 3, 200),
    Area("BR", "mobile", "11", ("1199000",), 4, 200),
    Area("BR", "national", "4004", ("4004",), 4, 150),
    Area("BR", "tollfree", "800", ("800555",), 4, 200),
)
_EXCHANGES = ("555", "958", "959")
_US_SHARE, _CA_SHARE, _TOLLFREE_SHARE = 260, 200, 250


def areas() -> tuple[Area, ...]:
    """Give every area, in the order in which a search answers."""
    local = [_north_american(iso, row) for iso, rows in _NORTH_AMERICA.items() for row in rows]
    tollfree = [_tollfree(iso, code) for iso, codes in _TOLLFREE.items() for code in codes]
    elsewhere = [_elsewhere(row) for row in _ELSEWHERE]
    return (*local, *tollfree, *elsewhere, *_ANYWHERE)


def _north_american(iso: str, row: _LocalRow) -> Area:
    code, state, calling_area, lata, places = row
    share = _US_SHARE if iso == "US" else _CA_SHARE
    pairs = tuple(Place(*place.split(":")) for place in places.split(","))
    return Area(iso, "local", code, _stems(code), 4, share, state, calling_area, lata, pairs)


def _tollfree(iso: str, code: str) -> Area:
    return Area(iso, "tollfree", code, _stems(code), 4, _TOLLFREE_SHARE)


def _stems(code: str) -> tuple[str, ...]:
    return tuple(code + exchange for exchange in _EXCHANGES)


def _elsewhere(row: _ElsewhereRow) -> Area:
    iso, code, stems, free, share, region, city = row
    return Area(iso, "local", code, stems, free, share, region, None, None, (Place(city, None),))
