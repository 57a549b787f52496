"""What DCSA documents say that has no place in a manifest: counted, and said once for each file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from riskengine.manifest.json_text import Json

_MOST_NAMES = 20

# Members that are read, or are without weight for an assessment.
_KNOWN_WORDS = """
transportDocumentReference transportDocumentSubReference shippingInstructionsReference
shippingInstructionReference documentStatus transportDocumentStatus shippingInstructionsStatus
updatedShippingInstructionsStatus transportDocumentTypeCode isElectronic isToOrder
isShippedOnBoardType isHouseBillOfLadingsIssued freightPaymentTermCode
numberOfCopiesWithCharges numberOfCopiesWithoutCharges numberOfOriginalsWithCharges
numberOfOriginalsWithoutCharges numberOfRiderPages termsAndConditions receiptTypeAtOrigin
deliveryTypeAtDestination cargoMovementTypeAtOrigin cargoMovementTypeAtDestination issueDate
carrierCode carrierCodeListProvider invoicePayableAt placeOfIssue partyContactDetails
documentParties consignmentItems utilizedTransportEquipments transports transport
houseBillOfLadings houseBillOfLadingReference placeOfAcceptance placeOfFinalDelivery
displayedNameForPlaceOfReceipt displayedNameForPortOfLoad displayedNameForPortOfDischarge
displayedNameForPlaceOfDelivery displayedShippedOnBoardReceivedForShipment
commoditySubReference requestedCarrierClauses requestedCarrierCertificates plannedArrivalDate
portOfDischargeArrivalDate placeOfReceipt portOfLoading portOfDischarge placeOfDelivery
vesselVoyages vesselVoyage vesselName vesselIMONumber vesselFlag vesselCallSign
carrierExportVoyageNumber carrierImportVoyageNumber universalExportVoyageReference
universalImportVoyageReference carrierServiceCode universalServiceReference legs loadLocation
dischargeLocation transportPlanStage transportPlanStageSequenceNumber modeOfTransport
UNLocationCode locationName address facility facilityTypeCode geoCoordinate street
streetNumber floor postCode POBox city stateRegion countryCode partyName partyFunction party
displayedAddress taxLegalReferences phone email shipper consignee notifyParty notifyParties
endorsee buyer seller issuingParty other issueTo carriersAgentAtDestination typeOfPerson
equipment equipmentReference ISOEquipmentCode tareWeight isShipperOwned isNonOperatingReefer
activeReeferSettings temperatureSetpoint temperatureUnit shippingMarks seals number source
sealNumber sealSource sealType emptyIndicatorCode descriptionOfGoods HSCodes extendedHSCodes
cargoItems cargoGrossWeight cargoGrossWeightUnit cargoNetWeight cargoNetWeightUnit
cargoGrossVolume cargoGrossVolumeUnit cargoNetVolume outerPackaging packageCode
numberOfPackages description IMOPackagingCode woodDeclaration dangerousGoods UNNumber value
unit type classifier issueDateTime typeLabel versionLabel carrierContactInformation
carrierInformationForCargoRelease arrivalNoticeVisualization additionalInformation
serviceContractReference paymentRemittance freeTimes charges customsClearance
manifestReferenceNumber declaredValue declaredValueCurrency contractQuotationReference
extendedContractQuotationReference commodityType
"""
_KNOWN = frozenset(_KNOWN_WORDS.split())

# Members whose own members are not looked at: they are read as a whole, or not at all.
_CLOSED_WORDS = """
partyContactDetails invoicePayableAt placeOfIssue issueTo displayedAddress address
geoCoordinate facility arrivalNoticeVisualization carrierContactInformation
carrierInformationForCargoRelease paymentRemittance freeTimes charges dangerousGoods
taxLegalReferences activeReeferSettings carriersAgentAtDestination
"""
_CLOSED = frozenset(_CLOSED_WORDS.split())


@dataclass(slots=True)
class Left:
    """What documents say that has no place in a manifest, by the name of the member, counted.

    Attributes:
        unmapped: Members that are not read and could matter.
        further: Members of which more was given than there is a place for.
    """

    unmapped: Counter[str] = field(default_factory=Counter[str])
    further: Counter[str] = field(default_factory=Counter[str])

    def note_members(self, node: Json) -> None:
        """Count the members of a document that are not read and could matter."""
        if isinstance(node, dict):
            for name, value in node.items():
                if name not in _KNOWN:
                    self.unmapped[name] += value not in (None, "", [], {})
                elif name not in _CLOSED:
                    self.note_members(value)
        elif isinstance(node, list):
            for element in node:
                self.note_members(element)

    def remarks(self) -> list[FileRemark]:
        """Return what is to be said of it."""
        said: list[FileRemark] = []
        for code, names in (
            ("unmapped_segments", +self.unmapped),
            ("further_values_left", +self.further),
        ):
            if names:
                shown = ", ".join(name[:40] for name, _ in names.most_common(_MOST_NAMES))
                params: dict[str, str | int | float] = {"count": names.total(), "tags": shown}
                said.append(FileRemark(code=code, params=params))
        return said
