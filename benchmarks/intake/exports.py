"""Invented exports with columns never seen before, each with what its columns truly are.

The lines are those of the sample manifests; only headers, order, formats and the columns beside them are invented.
The limits of the mapping assistant were set on the first group (`SET_ON`). The second (`MEASURED_ON`) was written
before the assistant was first run and was measured with limits that were not set on it; what it showed to be wrong
in principle has been mended since, so it is no longer quite unseen. Its last three were written before the assistant
was taught whose a number of its own on every line is, and to see container numbers in several columns; nothing was
mended for them since.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import xlsxwriter

from riskengine.manifest.suggest import suggest_mapping

ROOT = Path(__file__).parents[2]
Line = dict[str, str]
Cell = Callable[[Line], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its header, what it truly is (None: nothing of ours), and how its cells are written."""

    header: str
    field: str | None
    cell: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One invented export."""

    name: str
    columns: tuple[Column, ...]
    delimiter: str = ","
    preamble: tuple[str, ...] = ()
    has_header: bool = True
    encoding: str = "utf-8"
    suffix: str = "csv"

    def rows(self) -> list[list[str]]:
        return [[column.cell(line) for column in self.columns] for line in lines()]

    def write(self, folder: Path) -> Path:
        """Write the file and return its path."""
        path = folder / f"{self.name}.{self.suffix}"
        headers = [column.header for column in self.columns]
        rows = [*([headers] if self.has_header else []), *self.rows()]
        if self.suffix == "xlsx":
            with xlsxwriter.Workbook(path) as book:
                sheet = book.add_worksheet()
                above = [[text] for text in self.preamble]
                for place, row in enumerate([*above, *rows]):
                    for column, text in enumerate(row):
                        sheet.write_string(place, column, text) if text else None
            return path
        if self.suffix == "parquet":
            columns = list(zip(*self.rows(), strict=True))
            pl.DataFrame(
                {header: list(cells) for header, cells in zip(headers, columns, strict=True)}
            ).write_parquet(path)
            return path
        text = io.StringIO(newline="")
        for line in self.preamble:
            text.write(f"{line}\r\n")
        writer = csv.writer(text, delimiter=self.delimiter)
        writer.writerows(rows)
        path.write_bytes(text.getvalue().encode(self.encoding, "replace"))
        return path


def lines() -> list[Line]:
    """Return the lines of the sample manifests, in order."""
    files = [
        *sorted((ROOT / "sample_manifests" / "earlier").glob("*.csv"))[:2],
        ROOT / "sample_manifests" / "voyage.csv",
    ]
    found: list[Line] = []
    for file in files:
        with file.open(encoding="utf-8", newline="") as opened:
            found += [line | {"_no": str(len(found))} for line in csv.DictReader(opened)]
    return [line | {"_no": str(place)} for place, line in enumerate(found)]


def same(field: str) -> Cell:
    return lambda line: line[field]


def day(field: str, form: str) -> Cell:
    return lambda line: date.fromisoformat(line[field]).strftime(form) if line[field] else ""


def comma(field: str, factor: float = 1.0, decimals: int = 2) -> Cell:
    def cell(line: Line) -> str:
        if not line[field]:
            return ""
        whole, _, part = f"{float(line[field]) * factor:,.{decimals}f}".partition(".")
        return whole.replace(",", ".") + (f",{part}" if part else "")

    return cell


def scaled(field: str, factor: float, decimals: int = 3) -> Cell:
    return lambda line: f"{float(line[field]) * factor:.{decimals}f}" if line[field] else ""


def spaced(field: str) -> Cell:
    def cell(line: Line) -> str:
        text = line[field]
        return f"{text[:4]} {text[4:10]}-{text[10:]}" if len(text) == 11 else text

    return cell


def told(field: str, words: dict[str, str]) -> Cell:
    return lambda line: words.get(line[field], "")


def hidden(*fields: str, length: int = 8, digits: bool = False) -> Cell:
    """A code that stands for something else, always the same for the same thing."""

    def cell(line: Line) -> str:
        digest = hashlib.sha256("|".join(line[field] for field in fields).encode())
        return (
            str(int(digest.hexdigest(), 16))[:length]
            if digits
            else digest.hexdigest()[:length].upper()
        )

    return cell


def one_of(*texts: str, seed: int = 1) -> Cell:
    return lambda line: random.Random(f"{seed}-{line['_no']}").choice(texts)  # noqa: S311 - no secret


def number(low: float, high: float, decimals: int = 2, seed: int = 1) -> Cell:
    def cell(line: Line) -> str:
        drawn = random.Random(f"{seed}-{line['_no']}")  # noqa: S311 - no secret
        return f"{drawn.uniform(low, high):.{decimals}f}"

    return cell


def declared(form: str, first: int, step: int) -> Cell:
    """A number of its own for each line, as declarations are numbered."""
    return lambda line: form.format(first + step * int(line["_no"]))


def part(field: str, start: int, end: int) -> Cell:
    return lambda line: line[field][start:end]


def made(*columns: tuple[str, str | None] | tuple[str, str | None, Cell]) -> tuple[Column, ...]:
    """A cell that is not given is that of the field as it stands."""
    return tuple(
        Column(header=one[0], field=one[1], cell=one[2] if len(one) > 2 else same(one[1] or ""))
        for one in columns
    )


FULL_EN = {"true": "F", "false": "E"}
FULL_ES = {"true": "LLENO", "false": "VACIO"}
PAID = {"prepaid": "PP", "collect": "CC"}

SET_ON: tuple[Export, ...] = (
    Export(
        name="forwarder_us",
        columns=made(
            ("HBL#", "bill_of_lading"),
            (
                "MBL#",
                "master_bill_of_lading",
                hidden("vessel_name", "port_of_loading", "shipper_name", length=12),
            ),
            ("Cntr#", "container_number"),
            ("Sz/Tp", "size_type"),
            ("Seal#", "seal_numbers"),
            ("Shpr", "shipper_name"),
            ("Shpr Addr", "shipper_address"),
            ("Cnee", "consignee_name"),
            ("Cnee Addr", "consignee_address"),
            ("Ntfy", "notify_party_name"),
            ("POL", "port_of_loading"),
            ("POD", "port_of_discharge"),
            ("ETA", "arrival_expected_on", day("arrival_expected_on", "%m/%d/%Y")),
            ("Commodity", "goods_description"),
            ("Pkgs", "package_count"),
            ("Pkg Type", "package_type"),
            ("Gr Wt (kg)", "gross_mass_kg"),
            ("Msmt (cbm)", "volume_m3"),
            ("HTS", "hs_code"),
            ("Frt PP/CC", "freight_payment", told("freight_payment", PAID)),
            ("Sales rep", None, one_of("JS", "MK", "TT")),
        ),
    ),
    Export(
        name="aduana_es",
        delimiter=";",
        encoding="cp1252",
        columns=made(
            ("NRO_CONOCIMIENTO", "bill_of_lading"),
            ("NRO_CONTENEDOR", "container_number"),
            ("TIPO_CONTENEDOR", "size_type"),
            ("COND_CONT", "is_full", told("is_full", FULL_ES)),
            ("NOM_EMBARCADOR", "shipper_name"),
            ("DIR_EMBARCADOR", "shipper_address"),
            ("NOM_CONSIGNATARIO", "consignee_name"),
            ("DIR_CONSIGNATARIO", "consignee_address"),
            ("PAIS_ORIGEN", "country_of_origin"),
            ("PTO_EMBARQUE", "port_of_loading"),
            ("PTO_DESCARGA", "port_of_discharge"),
            ("FEC_LLEGADA", "arrival_expected_on", day("arrival_expected_on", "%d/%m/%Y")),
            ("DESC_MERCANCIA", "goods_description"),
            ("SUBPARTIDA", "hs_code"),
            ("CANT_BULTOS", "package_count"),
            ("CLASE_BULTOS", "package_type"),
            ("PESO_BRUTO", "gross_mass_kg", comma("gross_mass_kg")),
            ("PESO_NETO", "net_mass_kg", comma("net_mass_kg")),
            ("USU_REG", None, one_of("ADM01", "ADM02", "ADM07")),
            ("EST_REG", None, one_of("A", "A", "I", seed=4)),
        ),
    ),
    Export(
        name="port_fr",
        delimiter=";",
        columns=made(
            ("Navire", "vessel_name"),
            ("N° voyage", "voyage_number"),
            ("N° connt", "bill_of_lading"),
            ("Repère conteneur", "container_number", spaced("container_number")),
            ("Plomb", "seal_numbers"),
            ("Chargeur", "shipper_name"),
            ("Adr. chargeur", "shipper_address"),
            ("Réceptionnaire", "consignee_name"),
            ("Adr. réceptionnaire", "consignee_address"),
            ("Port chgt", "port_of_loading"),
            ("Port décht", "port_of_discharge"),
            ("Libellé marchandise", "goods_description"),
            ("Nb colis", "package_count"),
            ("Emballage", "package_type"),
            ("Pds brut kg", "gross_mass_kg", comma("gross_mass_kg")),
            ("Tare kg", "tare_mass_kg", comma("tare_mass_kg", decimals=0)),
            ("Date d'arrivée", "arrival_expected_on", day("arrival_expected_on", "%d.%m.%Y")),
            ("Poste à quai", None, one_of("Q1", "Q2", "Q7")),
        ),
    ),
    Export(
        name="porto_pt",
        delimiter=";",
        columns=made(
            ("Nº Conhecimento", "bill_of_lading"),
            ("Contêiner", "container_number"),
            ("Tipo Contêiner", "size_type"),
            ("Lacre", "seal_numbers"),
            ("Exportador", "shipper_name"),
            ("Endereço Exportador", "shipper_address"),
            ("País Exportador", "shipper_country"),
            ("Consignatário", "consignee_name"),
            ("Endereço Consignatário", "consignee_address"),
            ("Porto Embarque", "port_of_loading"),
            ("Porto Descarga", "port_of_discharge"),
            (
                "Dt. Chegada Prevista",
                "arrival_expected_on",
                day("arrival_expected_on", "%d/%m/%Y"),
            ),
            ("Descr. Mercadoria", "goods_description"),
            ("NCM", "hs_code"),
            ("Qtd Volumes", "package_count"),
            ("Peso Bruto (t)", "gross_mass_kg", comma("gross_mass_kg", 0.001, 3)),
            ("Frete (USD)", "freight_amount_usd", comma("freight_amount_usd")),
        ),
    ),
    Export(
        name="no_headers",
        has_header=False,
        columns=made(
            ("column 1", "bill_of_lading"),
            ("column 2", "container_number"),
            ("column 3", "size_type"),
            ("column 4", "shipper_name"),
            ("column 5", "consignee_name"),
            ("column 6", "goods_description"),
            ("column 7", "hs_code"),
            ("column 8", "gross_mass_kg"),
            ("column 9", "seal_numbers"),
            ("column 10", "port_of_loading"),
        ),
    ),
    Export(
        name="preamble_en",
        delimiter=";",
        preamble=("CARGO MANIFEST LIST;;;;;;;;;;;", "Printed 2026-03-02 08:15;;;;;;;;;;;", ""),
        columns=made(
            ("Line", None, lambda line: str(int(line["_no"]) + 1)),
            ("B/L Ref.", "bill_of_lading"),
            ("Unit no.", "container_number"),
            ("Consignor", "shipper_name"),
            ("Receiver", "consignee_name"),
            ("Receiver's address", "consignee_address"),
            ("Contents", "goods_description"),
            ("Gross weight in kg", "gross_mass_kg"),
            ("Net weight in kg", "net_mass_kg"),
            ("Temp (C)", "temperature_set_c"),
            ("Origin ctry", "country_of_origin"),
            ("Dest. port", "port_of_discharge"),
        ),
    ),
    Export(
        name="scrambled",
        columns=made(
            ("F01", "container_number"),
            ("F02", "goods_description"),
            ("F03", "hs_code"),
            ("F04", "bill_of_lading"),
            ("F05", "shipper_name"),
            ("F06", "shipper_address"),
            ("F07", "consignee_name"),
            ("F08", "consignee_address"),
            ("F09", "gross_mass_kg"),
            ("F10", "net_mass_kg"),
            ("F11", "tare_mass_kg"),
            ("F12", "size_type"),
            ("F13", "port_of_loading"),
            ("F14", "port_of_discharge"),
            ("F15", None, number(0, 1, 6)),
        ),
    ),
    Export(
        name="declaraciones_es",
        columns=made(
            ("Nro DUA", "bill_of_lading"),
            ("Fecha numeración", "presented_on", day("presented_on", "%Y%m%d")),
            ("Aduana", "customs_office"),
            (
                "RUC importador",
                "consignee_tax_id",
                hidden("consignee_name", length=11, digits=True),
            ),
            ("Importador", "consignee_name"),
            ("Proveedor", "seller_name", same("shipper_name")),
            ("Agente de aduana", "declarant_name"),
            ("Partida", "hs_code"),
            ("País origen", "country_of_origin"),
            ("País procedencia", "country_of_dispatch"),
            ("Peso neto kg", "net_mass_kg"),
            ("FOB", "declared_value_usd"),
            ("Moneda", None, one_of("EUR", "USD")),
            ("Canal", None, one_of("V", "N", "R")),
            ("Incidencia", "outcome", one_of("0", "0", "0", "1", seed=9)),
        ),
    ),
    Export(
        name="declarations_abbreviated",
        columns=made(
            ("DECL_NO", "bill_of_lading", declared("2026C{:05d}", 40231, 7)),
            ("REG_DT", "presented_on", day("presented_on", "%d.%m.%Y")),
            ("IMP_NM", "consignee_name"),
            ("EXP_NM", "shipper_name"),
            ("CTY_ORIG", "country_of_origin"),
            ("TAR_NO", "hs_code"),
            ("DESC_COM", "goods_description"),
            ("NET_KG", "net_mass_kg"),
            ("GRS_KG", "gross_mass_kg"),
            ("VAL_CIF", "declared_value_usd"),
            ("INSPECT_RESULT", "outcome", one_of("CONFORME", "CONFORME", "SAISIE", seed=7)),
        ),
    ),
    Export(
        name="box_in_three_columns",
        columns=made(
            ("BL", "bill_of_lading"),
            ("Prefix", None, part("container_number", 0, 4)),
            ("Serial", None, part("container_number", 4, 10)),
            ("CD", None, part("container_number", 10, 11)),
            ("ISO", "size_type"),
            ("Consignee", "consignee_name"),
            ("Goods", "goods_description"),
            ("Kg", "gross_mass_kg"),
        ),
    ),
)

MEASURED_ON: tuple[Export, ...] = (
    Export(
        name="spediteur_de",
        delimiter=";",
        columns=made(
            ("Frachtbrief-Nr", "bill_of_lading"),
            ("Behälternummer", "container_number"),
            ("Absender", "shipper_name"),
            ("Anschrift Absender", "shipper_address"),
            ("Empfänger", "consignee_name"),
            ("Anschrift Empfänger", "consignee_address"),
            ("Ladehafen", "port_of_loading"),
            ("Löschhafen", "port_of_discharge"),
            ("Warenbezeichnung", "goods_description"),
            ("Anzahl Packstücke", "package_count"),
            ("Bruttogewicht kg", "gross_mass_kg", comma("gross_mass_kg")),
            ("Nettogewicht kg", "net_mass_kg", comma("net_mass_kg")),
            ("Zolltarifnummer", "hs_code"),
            ("Ursprungsland", "country_of_origin"),
            ("Sachbearbeiter", None, one_of("Mu", "Sch", "We")),
        ),
    ),
    Export(
        name="api_dump",
        columns=made(
            ("houseBillNumber", "bill_of_lading"),
            ("equipmentNumber", "container_number"),
            ("isoEquipmentCode", "size_type"),
            ("shipperName", "shipper_name"),
            ("shipperAddressLine", "shipper_address"),
            ("shipperCountryCode", "shipper_country"),
            ("consigneeName", "consignee_name"),
            ("consigneeAddressLine", "consignee_address"),
            ("consigneeEmail", "consignee_email"),
            ("notifyPartyName", "notify_party_name"),
            ("portOfLoadingUnLocode", "port_of_loading"),
            ("portOfDischargeUnLocode", "port_of_discharge"),
            ("cargoDescription", "goods_description"),
            ("grossWeightKg", "gross_mass_kg"),
            ("verifiedGrossMassKg", "verified_gross_mass_kg"),
            ("isReeferActive", None, one_of("true", "false")),
            ("createdAt", None, lambda line: f"2026-03-01T{int(line['_no']) % 24:02d}:12:44Z"),
            ("uuid", None, hidden("_no", length=32)),
        ),
    ),
    Export(
        name="terse_es",
        delimiter="\t",
        columns=made(
            ("BL", "bill_of_lading"),
            ("CTR", "container_number"),
            ("PRECINTO", "seal_numbers"),
            ("EMB", "shipper_name"),
            ("CONSIG", "consignee_name"),
            ("NOTIF", "notify_party_name"),
            ("PTO EMB", "port_of_loading"),
            ("PTO DESC", "port_of_discharge"),
            ("DESC MERC", "goods_description"),
            ("CANT", "package_count"),
            ("TIPO BTO", "package_type"),
            ("PB KG", "gross_mass_kg"),
            ("PN KG", "net_mass_kg"),
            ("PA", "hs_code"),
            ("OBS", None, one_of("", "ok", "revisar", seed=3)),
        ),
    ),
    Export(
        name="historique_fr",
        delimiter=";",
        columns=made(
            ("N° déclaration", "bill_of_lading"),
            ("Date enreg.", "presented_on", day("presented_on", "%d/%m/%y")),
            ("Bureau", "customs_office"),
            ("NIF importateur", "consignee_tax_id", hidden("consignee_name", length=10)),
            ("Nom importateur", "consignee_name"),
            ("Fournisseur", "seller_name", same("shipper_name")),
            ("Déclarant", "declarant_name"),
            ("Espèce tarifaire", "hs_code"),
            ("Origine", "country_of_origin"),
            ("Provenance", "country_of_dispatch"),
            ("Poids net", "net_mass_kg", comma("net_mass_kg")),
            ("Valeur CAF XOF", "declared_value_usd", comma("declared_value_usd", 600.0, 0)),
            ("Circuit", None, one_of("vert", "jaune", "rouge", "bleu")),
            (
                "Résultat visite",
                "outcome",
                one_of("conforme", "conforme", "irrégularité", seed=2),
            ),
        ),
    ),
    Export(
        name="planilha_pt",
        suffix="xlsx",
        preamble=("Relação de cargas", "Navio: EXAMPLE ANDES"),
        columns=made(
            ("Conhecim.", "bill_of_lading"),
            ("Cont.", "container_number"),
            ("Tp cont", "size_type"),
            ("Cheio/Vazio", "is_full", told("is_full", {"true": "Cheio", "false": "Vazio"})),
            ("Remetente", "shipper_name"),
            ("Destinatário", "consignee_name"),
            ("Morada destinatário", "consignee_address"),
            ("Origem", "country_of_origin"),
            ("Local embarque", "port_of_loading"),
            ("Mercadoria", "goods_description"),
            ("Volumes", "package_count"),
            ("P. Bruto", "gross_mass_kg"),
            ("P. Líquido", "net_mass_kg"),
            ("Cubagem m3", "volume_m3"),
            ("Obs.", None, one_of("", "", "frágil")),
        ),
    ),
    Export(
        name="no_headers_tabs",
        has_header=False,
        delimiter="\t",
        columns=made(
            ("column 1", None, lambda line: str(int(line["_no"]) + 1)),
            ("column 2", "container_number"),
            ("column 3", "seal_numbers"),
            ("column 4", "bill_of_lading"),
            ("column 5", "consignee_name"),
            ("column 6", "consignee_address"),
            ("column 7", "goods_description"),
            ("column 8", "package_count"),
            ("column 9", "package_type"),
            ("column 10", "gross_mass_kg"),
            ("column 11", "net_mass_kg"),
            ("column 12", "country_of_origin"),
        ),
    ),
    Export(
        name="terminal_en",
        columns=made(
            ("Unit Nbr", "container_number"),
            ("Type ISO", "size_type"),
            ("F/E", "is_full", told("is_full", FULL_EN)),
            ("Tare (t)", "tare_mass_kg", scaled("tare_mass_kg", 0.001)),
            ("VGM (t)", "verified_gross_mass_kg", scaled("verified_gross_mass_kg", 0.001)),
            ("Cargo wt", "gross_mass_kg", scaled("gross_mass_kg", 0.001)),
            ("Slot", "stow_position"),
            ("Set temp", "temperature_set_c"),
            ("Line op", "carrier_code"),
            ("Ob vessel", "vessel_name"),
            ("Ob voy", "voyage_number"),
            ("Load port", "port_of_loading"),
            ("Disch port", "port_of_discharge"),
            ("BoL", "bill_of_lading"),
            ("Seal 1", "seal_numbers"),
            ("Crane", None, one_of("QC1", "QC2", "QC3", seed=5)),
            ("Shift", None, one_of("1", "2", "3", seed=6)),
        ),
    ),
    Export(
        name="invoices_en",
        columns=made(
            ("Entry no", "bill_of_lading"),
            ("Entry date", "presented_on", day("presented_on", "%d-%b-%Y")),
            ("Importer", "consignee_name"),
            ("Importer address", "consignee_address"),
            ("Exporter", "shipper_name"),
            ("Exporter ctry", "shipper_country"),
            ("Broker", "declarant_name"),
            ("Commodity code", "hs_code"),
            ("Goods descr", "goods_description"),
            ("Invoice amt", "declared_value_usd"),
            ("Curr", None, one_of("EUR", "USD", "GBP")),
            ("Qty", "quantity", same("package_count")),
            ("UoM", "quantity_unit", one_of("KG", "PCE", "MTQ")),
            ("Net kg", "net_mass_kg"),
            ("Duty rate", None, number(0, 25, 1)),
            ("Duty paid", None, number(10, 9000, 2, seed=8)),
            ("Proc code", None, one_of("4000", "4071", "7100")),
        ),
    ),
    Export(
        name="scrambled_order",
        columns=made(
            ("alpha", None, number(1, 9, 0)),
            ("beta", "consignee_name"),
            ("gamma", "container_number", spaced("container_number")),
            ("delta", "country_of_origin"),
            ("epsilon", "goods_description"),
            ("zeta", "net_mass_kg"),
            ("eta_", "gross_mass_kg"),
            ("theta", "bill_of_lading"),
            ("iota", "is_full", told("is_full", {"true": "FULL", "false": "EMPTY"})),
            (
                "kappa",
                "freight_payment",
                told("freight_payment", {"prepaid": "PREPAID", "collect": "COLLECT"}),
            ),
            ("lambda", "booked_on"),
        ),
    ),
    Export(
        name="roles_unsaid",
        columns=made(
            ("B/L", "bill_of_lading"),
            ("Container", "container_number"),
            ("Name", "shipper_name"),
            ("Address", "shipper_address"),
            ("Name", "consignee_name"),
            ("Address", "consignee_address"),
            ("Goods", "goods_description"),
            ("Weight", "gross_mass_kg"),
            ("Port", "port_of_loading"),
            ("Date", "arrival_expected_on"),
        ),
    ),
    Export(
        name="columnar",
        suffix="parquet",
        columns=made(
            ("bl_no", "bill_of_lading"),
            ("cntr_no", "container_number"),
            ("cmdty_desc", "goods_description"),
            ("hs6", "hs_code"),
            ("wt_kgs", "gross_mass_kg"),
            ("pkg_cnt", "package_count"),
            ("pkg_unit", "package_type"),
            ("shp_nm", "shipper_name"),
            ("cne_nm", "consignee_name"),
            ("pol_cd", "port_of_loading"),
            ("pod_cd", "port_of_discharge"),
            ("ins_dt", None, lambda line: f"2026-02-{1 + int(line['_no']) % 27:02d}"),
        ),
    ),
    Export(
        name="declaracoes_abreviadas",
        delimiter=";",
        columns=made(
            ("NUM_DI", "bill_of_lading", declared("26/{:07d}-1", 118203, 13)),
            ("DT_REG", "presented_on", day("presented_on", "%d-%m-%Y")),
            ("CNPJ_IMP", "consignee_tax_id", hidden("consignee_name", length=14, digits=True)),
            ("NM_IMP", "consignee_name"),
            ("NM_EXP", "shipper_name"),
            ("PAIS_ORIG", "country_of_origin"),
            ("COD_NCM", "hs_code"),
            ("DESC_PROD", "goods_description"),
            ("PES_LIQ", "net_mass_kg", comma("net_mass_kg")),
            ("VMLE", "declared_value_usd", comma("declared_value_usd")),
            ("CANAL", None, one_of("VD", "AM", "VM")),
            ("RESULT_CONF", "outcome", one_of("0", "0", "1", seed=8)),
        ),
    ),
    Export(
        name="entries_by_number",
        columns=made(
            ("ENT_NO", "bill_of_lading", declared("{:07d}", 3300418, 11)),
            ("ENT_DATE", "presented_on", day("presented_on", "%m/%d/%Y")),
            ("CNEE_NM", "consignee_name"),
            ("SUPPLIER", "seller_name", same("shipper_name")),
            ("ORG", "country_of_origin"),
            ("HS_CD", "hs_code"),
            ("GDS", "goods_description"),
            ("GR_WT_KG", "gross_mass_kg"),
            ("INV_VAL", "declared_value_usd"),
            ("EXAM_FINDING", "outcome", one_of("N", "N", "Y", seed=9)),
        ),
    ),
    Export(
        name="conteneur_en_deux",
        delimiter=";",
        columns=made(
            ("Connaissement", "bill_of_lading"),
            ("Préfixe", None, part("container_number", 0, 4)),
            ("Numéro", None, part("container_number", 4, 11)),
            ("Destinataire", "consignee_name"),
            ("Désignation", "goods_description"),
            ("Poids brut kg", "gross_mass_kg", comma("gross_mass_kg")),
            ("Date arrivée", "arrival_expected_on", day("arrival_expected_on", "%d-%m-%Y")),
        ),
    ),
)


def measured(exports: Sequence[Export], folder: Path) -> dict[str, dict[str, tuple[int, int]]]:
    """Return for each export how many columns of each sureness there are, and how many of them are right.

    ``known`` counts the columns that are something of ours, and how many of them were found sure or likely.
    """
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for export in exports:
        suggestion = suggest_mapping(export.write(folder))
        counts: dict[str, tuple[int, int]] = {}
        for column, one in zip(export.columns, suggestion.columns, strict=True):
            is_right = one.field == column.field
            told, right = counts.get(one.sureness.value, (0, 0))
            counts[one.sureness.value] = (told + 1, right + is_right)
            if column.field is not None:
                told, right = counts.get("known", (0, 0))
                is_found = is_right and one.sureness.value in {"sure", "likely"}
                counts["known"] = (told + 1, right + is_found)
        found[export.name] = counts
    return found
