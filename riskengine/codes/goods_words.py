"""Words of goods descriptions in en, fr, es and pt: those that say nothing, and those that name a chapter."""

from __future__ import annotations

from functools import cache

import polars as pl

from riskengine.codes.commodities import chapter
from riskengine.codes.spelling import fold, fold_texts, mentions
from riskengine.codes.tables import read_table

VAGUE_WORDS = frozenset((
    # en
    "ACCESSORIES", "ALL KINDS OF GOODS", "ARTICLES", "AS PER ATTACHED", "AS PER ATTACHED LIST",
    "AS PER INVOICE", "ASSORTED", "CARGO", "CHEMICALS", "CONSOL", "CONSOLIDATED",
    "CONSOLIDATED CARGO", "CONSOLIDATION", "DAILY NECESSITIES", "DRY CARGO", "EFFECTS",
    "EQUIPMENT", "FAK", "F A K", "FOODSTUFF", "FOODSTUFFS", "FREIGHT", "FREIGHT ALL KINDS",
    "FREIGHT OF ALL KINDS", "GC", "GENERAL CARGO", "GENERAL MERCHANDISE", "GIFT", "GIFTS",
    "GOODS", "GROCERIES", "GROUPAGE", "HOUSEHOLD", "ITEMS", "LCL CARGO", "MATERIAL",
    "MATERIALS", "MERCHANDISE", "MISC", "MISCELLANEOUS", "MIXED", "N A", "NA", "NIL",
    "NOT AVAILABLE", "ODDS AND ENDS", "OTHER", "OTHERS", "PARTS", "PERSONAL EFFECTS",
    "PERSONAL BELONGINGS", "PRODUCTS", "PROMOTIONAL", "SAMPLE", "SAMPLES", "SAID TO CONTAIN",
    "SHIPPER S LOAD AND COUNT", "SHIPPERS LOAD AND COUNT", "SHIPPER LOAD STOW AND COUNT",
    "SLAC", "SPARES", "STC", "STUFF", "SUNDRIES", "SUNDRY", "SUPPLIES", "TBA", "TBC", "TBN",
    "UNKNOWN", "VARIOUS", "VARIOUS GOODS", "COMMERCIAL", "COMMODITIES", "COMMODITY", "CONSUMER",
    "INDUSTRIAL", "HARMLESS", "NON HAZARDOUS", "NON HAZ",
    # fr
    "ACCESSOIRES", "CARGAISON", "DIVERS", "DIVERSE", "DIVERSES", "DIT CONTENIR", "ECHANTILLON",
    "ECHANTILLONS", "EFFETS PERSONNELS", "ASSORTI", "FRET", "MARCHANDISE", "MARCHANDISES",
    "MARCHANDISES DIVERSES", "MATERIEL", "MATERIAUX", "PIECES", "PRODUIT", "PRODUITS", "S T C",
    "VARIES", "PRODUITS ALIMENTAIRES", "SELON FACTURE", "SELON LISTE", "TOUTES SORTES",
    "CHARGE PAR L EXPEDITEUR", "NON PRECISE", "INCONNU",
    # es
    "ACCESORIOS", "ARTICULOS", "BIENES", "CARGA", "CARGA GENERAL", "CARGA SECA",
    "CARGA CONSOLIDADA", "DICE CONTENER", "EFECTOS PERSONALES", "ENSERES", "EQUIPO", "EQUIPOS",
    "MATERIALES", "MENAJE", "MENAJE DE CASA", "MERCADERIA", "MERCADERIAS", "MERCANCIA",
    "MERCANCIAS", "MERCANCIAS VARIAS", "MERCANCIA GENERAL", "MUESTRA", "MUESTRAS", "PARTES",
    "PIEZAS", "PRODUCTO", "PRODUCTOS", "REGALOS", "SEGUN FACTURA", "SEGUN LISTA", "SURTIDO",
    "SURTIDOS", "VARIADA", "VARIADAS", "VARIADO", "VARIADOS", "VARIAS", "VARIO", "VARIOS",
    "DIVERSOS", "DESCONOCIDO", "VIVERES", "ABARROTES",
    # pt
    "ACESSORIOS", "AMOSTRA", "AMOSTRAS", "ARTIGOS", "BENS", "BENS PESSOAIS", "CARGA GERAL",
    "CARGA DIVERSA", "DIVERSA", "DIVERSAS", "EFEITOS PESSOAIS", "EQUIPAMENTO", "EQUIPAMENTOS",
    "MATERIAIS", "MERCADORIA", "MERCADORIAS", "MERCADORIAS DIVERSAS", "MERCADORIAS EM GERAL",
    "MUDANCA", "OUTROS", "PECAS", "PRODUTO", "PRODUTOS", "CONFORME FATURA", "QUE DIZ CONTER",
    "DIZ CONTER", "SORTIDOS", "DESCONHECIDO", "CONSOLIDADA",
))  # fmt: skip
"""Words and phrases that name no goods. Drawn up by hand from the stop words that customs of the world publish."""

# Words of packing and counting, and little words: a text of nothing else names no goods either.
_NEUTRAL_WORDS = frozenset((
    "AND", "OF", "THE", "FOR", "IN", "WITH", "ET", "DE", "DES", "DU", "LA", "LE", "LES", "EN",
    "POUR", "Y", "EL", "LOS", "LAS", "DEL", "E", "O", "DA", "DO", "DAS", "DOS", "EM", "A", "X",
    "GENERAL", "GENERALE", "GENERALES", "GERAL", "GEN", "CONTAINER", "CONTAINERS", "CONTENEUR",
    "CONTENEURS", "CONTENEDOR", "CONTENEDORES", "CONTENTOR", "CONTENTORES", "CNTR", "CTNR",
    "FCL", "LCL", "HC", "GP", "DV", "HQ", "FT", "CARTON", "CARTONS", "CARTONES", "CAIXAS",
    "CAJAS", "BOX", "BOXES", "BAG", "BAGS", "SACS", "SACOS", "PALLET", "PALLETS", "PALETTES",
    "PALETAS", "PACKAGE", "PACKAGES", "PKG", "PKGS", "COLIS", "BULTOS", "VOLUMES", "CTN",
    "CTNS", "PCS", "KG", "KGS", "CBM", "UNIT", "UNITS", "UNIDADES", "BALES", "DRUMS", "CASES",
    "CRATES", "NEW", "USED", "NO", "HS", "CODE", "ROLLS", "LOT", "LOTS", "FULL", "ONE", "TWO",
    "NEUF", "NUEVO", "NUEVOS", "NOVO", "NOVOS",
))  # fmt: skip

PERSONAL_EFFECTS_WORDS = (
    "PERSONAL EFFECTS", "PERSONAL BELONGINGS", "HOUSEHOLD GOODS", "HOUSEHOLD EFFECTS",
    "USED HOUSEHOLD", "HHG", "REMOVAL GOODS", "EFFETS PERSONNELS", "EFFETS DE DEMENAGEMENT",
    "DEMENAGEMENT", "EFECTOS PERSONALES", "MENAJE DE CASA", "MENAJE", "ENSERES DOMESTICOS",
    "MUDANZA", "BENS PESSOAIS", "EFEITOS PESSOAIS", "OBJETOS PESSOAIS", "MUDANCA", "BAGAGEM",
)  # fmt: skip
"""Phrases for the goods of people who move house."""

SECOND_HAND_WORDS = (
    "USED", "SECOND HAND", "SECONDHAND", "2ND HAND", "REFURBISHED", "RECONDITIONED", "WORN",
    "USAGE", "USAGES", "USAGEE", "USAGEES", "OCCASION", "D OCCASION", "FRIPERIE", "USADO",
    "USADA", "USADOS", "USADAS", "SEGUNDA MANO", "SEGUNDA MAO", "REACONDICIONADO",
    "RECONDICIONADO",
)  # fmt: skip
"""Words for goods that were used before."""

WASTE_WORDS = (
    "SCRAP", "WASTE", "E WASTE", "RECYCLING", "FERRAILLE", "DECHET", "DECHETS", "CHATARRA",
    "DESECHO", "DESECHOS", "DESPERDICIO", "RESIDUOS", "SUCATA", "RESIDUO", "LIXO", "APARAS",
)  # fmt: skip
"""Words for waste and scrap."""

# Forms, not families: firms of this kind name themselves so in the four languages.
FORWARDER_WORDS = (
    "LOGISTICS", "LOGISTIC", "LOGISTIQUE", "LOGISTICA", "LOGISTICS SOLUTIONS", "FORWARDING",
    "FORWARDER", "FORWARDERS", "FREIGHT", "FREIGHT FORWARD", "NVOCC", "CONSOLIDATOR",
    "CONSOLIDATORS", "CONSOLIDATION", "CONSOLIDADORA", "SHIPPING AGENCY", "CARGO SERVICES",
    "CARGO SERVICE", "TRANSITAIRE", "TRANSIT ET CONSIGNATION", "COMMISSIONNAIRE",
    "CONSIGNATAIRE", "TRANSITARIO", "TRANSITARIOS", "TRANSITO", "AGENCIA DE CARGA",
    "AGENTE DE CARGA", "AGENCIAMENTO", "EMBARCADORA", "DESPACHANTE", "DESPACHANTES",
    "CUSTOMS BROKER", "CUSTOMS BROKERS", "AGENCIA ADUANAL", "AGENTE ADUANAL",
    "AGENCIA DE ADUANAS", "COURIER", "MUDANZAS", "SPEDITION", "EXPEDITORS",
)  # fmt: skip
"""Words by which forwarders and brokers name themselves."""

PLACEHOLDER_PARTIES = frozenset((
    "NA", "N A", "NIL", "NONE", "NULL", "TBA", "TBC", "TBN", "TBD", "UNKNOWN", "NOT KNOWN",
    "NOT AVAILABLE", "NOT APPLICABLE", "NOT PROVIDED", "PRIVATE", "PRIVATE PERSON",
    "INDIVIDUAL", "PERSONAL", "SAME", "SAME AS ABOVE", "SAME AS CONSIGNEE", "SAME AS SHIPPER",
    "AS ABOVE", "AS CONSIGNEE", "CONSIGNEE", "SHIPPER", "NOTIFY", "NOTIFY PARTY", "TEST", "XXX",
    "XXXX", "X", "XX", "ZZZ", "ABC", "VARIOUS", "CASH", "CUSTOMER", "OWNER", "INCONNU",
    "NON CONNU", "NON PRECISE", "PARTICULIER", "CLIENT", "DIVERS", "NEANT", "IDEM",
    "DESCONOCIDO", "NO APLICA", "NO DISPONIBLE", "SIN NOMBRE", "PARTICULAR", "CLIENTE",
    "VARIOS", "EL MISMO", "MISMO", "DESCONHECIDO", "NAO APLICAVEL", "NAO DISPONIVEL",
    "NAO INFORMADO", "SEM NOME", "O MESMO", "MESMO", "DIVERSOS", "NENHUM", "NINGUNO",
))  # fmt: skip
"""Texts that stand where a party's name should."""

TO_ORDER_PHRASES = (
    "TO ORDER", "TO THE ORDER", "UNTO ORDER", "TO ORDER OF", "BEARER", "A LA ORDEN",
    "A SU ORDEN", "AL PORTADOR", "A ORDRE", "A L ORDRE", "AU PORTEUR", "A ORDEM", "AO PORTADOR",
    "A SUA ORDEM",
)  # fmt: skip
"""Phrases of a bill that has no named consignee."""

POST_OFFICE_BOX_WORDS = (
    "PO BOX", "P O BOX", "POBOX", "POST OFFICE BOX", "POST BOX", "POSTBOX", "APARTADO",
    "APARTADO POSTAL", "APDO", "APTDO POSTAL", "CASILLA", "CASILLA POSTAL", "BOITE POSTALE",
    "B P", "BP", "CAIXA POSTAL", "C P POSTAL", "CX POSTAL", "POSTFACH",
)  # fmt: skip
"""Words of an address that is a box at the post office; common and honest in many countries of Africa."""

FREE_EMAIL_DOMAINS = frozenset((
    "126.com", "139.com", "163.com", "aol.com", "bol.com.br", "free.fr", "gmail.com", "gmx.com",
    "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "hotmail.co.uk", "hotmail.es",
    "hotmail.fr", "hotmail.it", "icloud.com", "ig.com.br", "laposte.net", "libero.it",
    "live.com", "live.fr", "mail.com", "mail.ru", "me.com", "msn.com", "orange.fr",
    "outlook.com", "outlook.com.br", "outlook.es", "outlook.fr", "outlook.pt", "proton.me",
    "protonmail.com", "qq.com", "rediffmail.com", "sapo.pt", "sina.com", "sfr.fr",
    "terra.com.br", "tutanota.com", "uol.com.br", "wanadoo.fr", "web.de", "yahoo.co.in",
    "yahoo.co.uk", "yahoo.com", "yahoo.com.ar", "yahoo.com.br", "yahoo.com.mx", "yahoo.es",
    "yahoo.fr", "yandex.com", "yandex.ru", "ymail.com", "zoho.com",
))  # fmt: skip
"""Domains where anyone gets a mailbox for nothing."""

_WORD_SEPARATOR = ";"


def is_vague(description: pl.Expr) -> pl.Expr:
    """Tell whether a goods description names no goods: nothing but stop words, packing words and figures.

    Null where there is no description or nothing but signs in it.

    >>> texts = ["1X40 STC: General Cargo", "Mercancías varias", "Fresh bananas", "spare parts for pumps", None]
    >>> pl.DataFrame({"goods": texts}).select(is_vague(pl.col("goods"))).to_series().to_list()
    [True, True, False, False, None]
    """
    text = fold(description)
    return pl.when(text != "").then(text.str.contains(_vague_pattern()))


def contradicts(description: pl.Expr, hs: pl.Expr) -> pl.Expr:
    """Tell whether the words of a description fit none of the chapters that its HS code could be of.

    Null where either is missing, or no word of the description is known to belong anywhere.

    >>> lots = pl.DataFrame({"goods": ["Fresh bananas", "Banano", "Steel pipes", "Widgets"],
    ...                      "hs": ["0803.90", "7204.49", "7304", "8479"]})
    >>> lots.select(contradicts(pl.col("goods"), pl.col("hs"))).to_series().to_list()
    [False, True, False, None]
    """
    fitting = _joined_chapters(description)
    fits = fitting.str.contains(chapter(hs), literal=True)
    return pl.when(fitting != "").then(~fits)


def chapters_named(description: pl.Expr) -> pl.Expr:
    """Return the chapters that the words of a description may belong to, as a list; null stays null.

    >>> pl.select(chapters_named(pl.lit("Frozen shrimps"))).item().to_list()
    ['03', '16']
    """
    return _joined_chapters(description).str.extract_all(r"[0-9]{2}").list.unique().list.sort()


def _joined_chapters(description: pl.Expr) -> pl.Expr:
    chapters_of = _chapters_of_words()
    padded = pl.concat_str(pl.lit(" "), fold(description), pl.lit(" "))
    words = padded.str.extract_many(list(chapters_of), overlapping=True)
    named = words.list.eval(
        pl.element().replace_strict(chapters_of, default=None, return_dtype=pl.String)
    )
    return named.list.join(" ")


def names_personal_effects(description: pl.Expr) -> pl.Expr:
    """Tell whether a description names personal or household effects; null stays null."""
    return mentions(description, PERSONAL_EFFECTS_WORDS)


def names_second_hand(description: pl.Expr) -> pl.Expr:
    """Tell whether a description names used goods; null stays null."""
    return mentions(description, SECOND_HAND_WORDS)


def is_forwarder_name(name: pl.Expr) -> pl.Expr:
    """Tell whether a party names itself as a forwarder or broker does; null stays null."""
    return mentions(name, FORWARDER_WORDS)


def is_placeholder(name: pl.Expr) -> pl.Expr:
    """Tell whether a text stands where a party's name should; null stays null, signs alone are a placeholder.

    >>> names = pl.DataFrame({"name": ["N/A", "---", "ACME SA", None]})
    >>> names.select(is_placeholder(pl.col("name"))).to_series().to_list()
    [True, True, False, None]
    """
    text = fold(name)
    return text.is_in(sorted({"", *fold_texts(PLACEHOLDER_PARTIES)}))


def is_to_order(consignee: pl.Expr) -> pl.Expr:
    """Tell whether a consignee is an order phrase (``TO ORDER OF BANK ...``); null stays null.

    The phrase must open the text, so that ``MADE TO ORDER FURNITURE LTD`` is a firm.

    >>> names = pl.DataFrame({"name": ["To the order of Banco X", "Made to Order Ltd", None]})
    >>> names.select(is_to_order(pl.col("name"))).to_series().to_list()
    [True, False, None]
    """
    phrases = sorted(fold_texts(TO_ORDER_PHRASES), key=len, reverse=True)
    return fold(consignee).str.contains(rf"^(?:{'|'.join(phrases)})(?: |$)")


def is_post_office_box(address: pl.Expr) -> pl.Expr:
    """Tell whether an address is a box at the post office; null stays null.

    >>> pl.select(is_post_office_box(pl.lit("P.O. Box 41, Accra"))).item()
    True
    """
    return mentions(address, POST_OFFICE_BOX_WORDS)


def is_free_email(email: pl.Expr) -> pl.Expr:
    """Tell whether an e-mail address is at a free provider; null where there is no address in the text.

    >>> emails = pl.DataFrame({"email": ["a.b@GMAIL.com", "sales@acme.ec", "none", None]})
    >>> emails.select(is_free_email(pl.col("email"))).to_series().to_list()
    [True, False, None, None]
    """
    domain = email.str.to_lowercase().str.extract(r"@([a-z0-9.\-]+\.[a-z]{2,})", 1)
    return domain.is_in(sorted(FREE_EMAIL_DOMAINS))


@cache
def _vague_pattern() -> str:
    words = {*fold_texts(VAGUE_WORDS), *fold_texts(_NEUTRAL_WORDS)}
    alternatives = "|".join(sorted(words, key=lambda word: (-len(word), word)))
    # Figures with or without a unit count as packing: «24000KGS», «1X40HC», «40».
    return rf"^(?:(?:{alternatives}|[0-9]+[A-Z]{{0,3}}[0-9]*[A-Z]{{0,3}})(?: |$))+$"


@cache
def _chapters_of_words() -> dict[str, str]:
    """Return the chapters of each trade word, the word and its plurals between blanks."""
    table = read_table("goods_words")
    chapters_of: dict[str, str] = {}
    for words, chapters in zip(table["words"], table["chapters"], strict=True):
        for word in fold_texts(words.split(_WORD_SEPARATOR)):
            for ending in ("", "S", "ES"):
                chapters_of.setdefault(f" {word}{ending} ", chapters)
    return chapters_of
