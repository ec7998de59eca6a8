/* bodies_shapes.c - the wire form of every message that can stand in an event.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Written by proto/shapes.py from the schemas; do not edit.
 */
#include "proto/c/bodies.h"

/* clang-format off */
enum form {
    V = KT_BODY_VARINT, F = KT_BODY_FIXED32, E = KT_BODY_FIXED64,
    T = KT_BODY_TEXT, B = KT_BODY_BLOB, M = KT_BODY_MESSAGE
};

static const struct kt_body_shape timestamp = {"Timestamp", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "seconds", 0}, {2, V, 0, "nanos", 0}}};
static const struct kt_body_shape replay_of = {"ReplayOf", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "seq", 0}, {2, T, 0, "source", 0}}};
static const struct kt_body_shape editions = {"Editions", 3,
    (const struct kt_body_field[]){
    {1, T, 0, "region", 0}, {2, T, 0, "common", 0}, {3, T, 0, "own", 0}}};
static const struct kt_body_shape health_notes = {"HealthNotes", 8,
    (const struct kt_body_field[]){
    {1, T, 0, "condition", 0}, {2, V, 0, "triage", 0}, {3, V, 0, "conscious", 0},
    {4, V, 0, "breathing", 0}, {5, T, 0, "treatment", 0}, {6, T, 0, "history", 0},
    {7, T, 0, "facilityId", 0}, {8, T, 0, "mentalState", 0}}};
static const struct kt_body_shape person = {"Person", 18,
    (const struct kt_body_field[]){
    {1, T, 0, "personKey", 0}, {2, V, 1, "roles", 0}, {3, V, 1, "dataClasses", 0},
    {4, T, 0, "name", 0}, {5, T, 1, "phones", 0}, {6, T, 0, "nationalId", 0},
    {7, T, 0, "address", 0}, {8, V, 0, "ageYears", 0}, {9, V, 0, "ageEstimated", 0},
    {10, V, 0, "isMinor", 0}, {11, V, 0, "sex", 0}, {12, T, 0, "description", 0},
    {13, T, 0, "language", 0}, {14, M, 0, "health", &health_notes},
    {15, T, 0, "enforcementNote", 0}, {16, T, 0, "plate", 0}, {17, T, 0, "guardianKey", 0},
    {18, T, 0, "note", 0}}};
static const struct kt_body_shape attachment = {"Attachment", 6,
    (const struct kt_body_field[]){
    {1, T, 0, "uri", 0}, {2, T, 0, "mimeType", 0}, {3, V, 0, "sizeBytes", 0},
    {4, B, 0, "sha256", 0}, {5, T, 0, "description", 0}, {6, M, 0, "takenAt", &timestamp}}};
static const struct kt_body_shape personal_block = {"PersonalBlock", 8,
    (const struct kt_body_field[]){
    {1, M, 1, "persons", &person}, {2, V, 0, "legalBasis", 0}, {3, T, 0, "purpose", 0},
    {4, T, 1, "recipients", 0}, {5, M, 0, "keepUntil", &timestamp}, {6, V, 0, "legalHold", 0},
    {7, M, 1, "attachments", &attachment}, {8, T, 0, "statement", 0}}};
static const struct kt_body_shape agency_code = {"AgencyCode", 3,
    (const struct kt_body_field[]){
    {1, T, 0, "code", 0}, {2, T, 0, "text", 0}, {3, T, 0, "table", 0}}};
static const struct kt_body_shape position = {"Position", 5,
    (const struct kt_body_field[]){
    {1, E, 0, "latitude", 0}, {2, E, 0, "longitude", 0}, {3, V, 0, "precision", 0},
    {4, E, 0, "radiusM", 0}, {5, E, 0, "altitudeM", 0}}};
static const struct kt_body_shape location = {"Location", 12,
    (const struct kt_body_field[]){
    {1, V, 0, "role", 0}, {2, T, 0, "regionCode", 0}, {3, T, 0, "address", 0},
    {4, T, 0, "landmark", 0}, {5, T, 0, "rt", 0}, {6, T, 0, "rw", 0},
    {7, M, 0, "position", &position}, {8, T, 0, "h3Cell", 0}, {9, T, 0, "accessNote", 0},
    {10, T, 0, "waterSource", 0}, {11, M, 0, "seenAt", &timestamp}, {12, T, 0, "facilityId", 0}}};
static const struct kt_body_shape milestone = {"Milestone", 8,
    (const struct kt_body_field[]){
    {1, V, 0, "kind", 0}, {2, M, 0, "at", &timestamp}, {3, V, 0, "source", 0},
    {4, T, 0, "recordedBy", 0}, {5, V, 0, "estimated", 0}, {6, T, 0, "corrects", 0},
    {7, T, 0, "agency", 0}, {8, T, 0, "unitId", 0}}};
static const struct kt_body_shape count = {"Count", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "qualifier", 0}, {2, V, 0, "number", 0}}};
static const struct kt_body_shape casualties = {"Casualties", 20,
    (const struct kt_body_field[]){
    {1, V, 0, "any", 0}, {2, M, 0, "total", &count}, {3, M, 0, "dead", &count},
    {4, M, 0, "heavilyInjured", &count}, {5, M, 0, "moderatelyInjured", &count},
    {6, M, 0, "lightlyInjured", &count}, {7, M, 0, "ill", &count}, {8, M, 0, "missing", &count},
    {9, M, 0, "trapped", &count}, {10, M, 0, "rescued", &count}, {11, M, 0, "triageRed", &count},
    {12, M, 0, "triageYellow", &count}, {13, M, 0, "triageGreen", &count},
    {14, M, 0, "triageBlack", &count}, {15, M, 0, "contaminated", &count},
    {16, M, 0, "displaced", &count}, {17, M, 0, "displacedHouseholds", &count},
    {18, M, 0, "evacuated", &count}, {19, M, 0, "vulnerable", &count},
    {20, M, 0, "responders", &count}}};
static const struct kt_body_shape hazard = {"Hazard", 4,
    (const struct kt_body_field[]){
    {1, V, 0, "kind", 0}, {2, V, 0, "present", 0}, {3, T, 0, "text", 0}, {4, T, 0, "unNumber", 0}}};
static const struct kt_body_shape hazards = {"Hazards", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "any", 0}, {2, M, 1, "items", &hazard}}};
static const struct kt_body_shape fire_details = {"FireDetails", 12,
    (const struct kt_body_field[]){
    {1, V, 0, "size", 0}, {2, V, 0, "buildingUse", 0}, {3, T, 0, "construction", 0},
    {4, V, 0, "floors", 0}, {5, T, 0, "burning", 0}, {6, V, 0, "peopleInside", 0},
    {7, V, 0, "spreading", 0}, {8, V, 0, "powerCut", 0}, {9, M, 0, "buildings", &count},
    {10, E, 0, "areaM2", 0}, {11, E, 0, "waterL", 0}, {12, T, 0, "suspectedCause", 0}}};
static const struct kt_body_shape rescue_details = {"RescueDetails", 5,
    (const struct kt_body_field[]){
    {1, V, 0, "kind", 0}, {2, M, 0, "persons", &count}, {3, V, 0, "responsive", 0},
    {4, E, 0, "heightM", 0}, {5, T, 0, "equipment", 0}}};
static const struct kt_body_shape medical_details = {"MedicalDetails", 8,
    (const struct kt_body_field[]){
    {1, M, 0, "patients", &count}, {2, V, 0, "conscious", 0}, {3, V, 0, "breathing", 0},
    {4, V, 0, "severeBleeding", 0}, {5, V, 0, "plannedTransport", 0},
    {6, T, 0, "fromFacilityId", 0}, {7, T, 0, "toFacilityId", 0}, {8, T, 0, "needs", 0}}};
static const struct kt_body_shape crash_details = {"CrashDetails", 6,
    (const struct kt_body_field[]){
    {1, M, 0, "vehicles", &count}, {2, T, 1, "vehicleKinds", 0}, {3, V, 0, "trapped", 0},
    {4, V, 0, "roadBlocked", 0}, {5, V, 0, "spill", 0}, {6, V, 0, "hitAndRun", 0}}};
static const struct kt_body_shape disaster_details = {"DisasterDetails", 9,
    (const struct kt_body_field[]){
    {1, V, 0, "waterDepthCm", 0}, {2, V, 0, "trend", 0}, {3, E, 0, "affectedAreaHa", 0},
    {4, E, 0, "magnitude", 0}, {5, V, 0, "visibilityM", 0}, {6, T, 1, "affectedRegions", 0},
    {7, T, 0, "accessCut", 0}, {8, T, 1, "urgentNeeds", 0}, {9, T, 1, "shelterIds", 0}}};
static const struct kt_body_shape animal_details = {"AnimalDetails", 5,
    (const struct kt_body_field[]){
    {1, T, 0, "species", 0}, {2, M, 0, "animals", &count}, {3, V, 0, "hasAttacked", 0},
    {4, V, 0, "inSight", 0}, {5, T, 0, "outcome", 0}}};
static const struct kt_body_shape hazmat_details = {"HazmatDetails", 6,
    (const struct kt_body_field[]){
    {1, T, 0, "unNumber", 0}, {2, T, 0, "substance", 0}, {3, V, 0, "leaking", 0},
    {4, E, 0, "quantityKg", 0}, {5, V, 0, "cordonM", 0}, {6, M, 0, "stoppedAt", &timestamp}}};
static const struct kt_body_shape evidence_item = {"EvidenceItem", 5,
    (const struct kt_body_field[]){
    {1, T, 0, "receiptNumber", 0}, {2, T, 0, "text", 0}, {3, M, 0, "pieces", &count},
    {4, T, 0, "keepingPlace", 0}, {5, M, 0, "releasedAt", &timestamp}}};
static const struct kt_body_shape rupiah = {"Rupiah", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "qualifier", 0}, {2, V, 0, "amount", 0}}};
static const struct kt_body_shape enforcement_harm = {"EnforcementHarm", 6,
    (const struct kt_body_field[]){
    {1, M, 0, "affected", &count}, {2, M, 0, "lightlyInjured", &count},
    {3, M, 0, "moderatelyInjured", &count}, {4, M, 0, "heavilyInjured", &count},
    {5, M, 0, "loss", &rupiah}, {6, M, 0, "served", &count}}};
static const struct kt_body_shape street_vendors = {"StreetVendors", 5,
    (const struct kt_body_field[]){
    {1, M, 0, "stalls", &count}, {2, T, 0, "occupied", 0}, {3, M, 0, "moved", &count},
    {4, M, 0, "goodsHeld", &count}, {5, T, 0, "relocation", 0}}};
static const struct kt_body_shape custody_step = {"CustodyStep", 9,
    (const struct kt_body_field[]){
    {1, T, 0, "subject", 0}, {2, M, 0, "takenAt", &timestamp}, {3, T, 0, "fromAgency", 0},
    {4, T, 0, "toAgency", 0}, {5, V, 0, "place", 0}, {6, T, 0, "facilityId", 0},
    {7, T, 0, "documentNumber", 0}, {8, V, 0, "accepted", 0}, {9, T, 0, "note", 0}}};
static const struct kt_body_shape beggars = {"Beggars", 6,
    (const struct kt_body_field[]){
    {1, M, 0, "persons", &count}, {2, V, 0, "minors", 0}, {3, M, 0, "minorCount", &count},
    {4, T, 0, "originRegion", 0}, {5, V, 0, "organised", 0}, {6, M, 1, "custody", &custody_step}}};
static const struct kt_body_shape livestock = {"Livestock", 8,
    (const struct kt_body_field[]){
    {1, T, 0, "species", 0}, {2, M, 0, "animals", &count}, {3, V, 0, "ownerKnown", 0},
    {4, V, 0, "roadDanger", 0}, {5, T, 0, "mark", 0}, {6, T, 0, "pen", 0},
    {7, M, 0, "fine", &rupiah}, {8, M, 1, "custody", &custody_step}}};
static const struct kt_body_shape social_ills = {"SocialIlls", 6,
    (const struct kt_body_field[]){
    {1, V, 0, "kind", 0}, {2, T, 0, "premises", 0}, {3, V, 0, "licensed", 0},
    {4, M, 0, "persons", &count}, {5, M, 0, "handedToPolice", &count},
    {6, M, 1, "custody", &custody_step}}};
static const struct kt_body_shape disturbed_person = {"DisturbedPerson", 6,
    (const struct kt_body_field[]){
    {1, V, 0, "raging", 0}, {2, V, 0, "armed", 0}, {3, V, 0, "endangers", 0},
    {4, V, 0, "familyReached", 0}, {5, T, 0, "escort", 0}, {6, M, 1, "custody", &custody_step}}};
static const struct kt_body_shape order_details = {"OrderDetails", 13,
    (const struct kt_body_field[]){
    {1, V, 0, "procedure", 0}, {2, T, 0, "sopVersion", 0}, {3, T, 0, "regulation", 0},
    {4, V, 0, "step", 0}, {5, V, 0, "foundTrue", 0}, {6, T, 0, "mediation", 0},
    {7, M, 1, "evidence", &evidence_item}, {8, M, 0, "harm", &enforcement_harm},
    {16, M, 0, "streetVendors", &street_vendors}, {17, M, 0, "beggars", &beggars},
    {18, M, 0, "livestock", &livestock}, {19, M, 0, "socialIlls", &social_ills},
    {20, M, 0, "disturbedPerson", &disturbed_person}}};
static const struct kt_body_shape details = {"Details", 8,
    (const struct kt_body_field[]){
    {1, M, 0, "fire", &fire_details}, {2, M, 0, "rescue", &rescue_details},
    {3, M, 0, "medical", &medical_details}, {4, M, 0, "crash", &crash_details},
    {5, M, 0, "disaster", &disaster_details}, {6, M, 0, "animal", &animal_details},
    {7, M, 0, "hazmat", &hazmat_details}, {8, M, 0, "order", &order_details}}};
static const struct kt_body_shape report = {"Report", 20,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {4, V, 0, "channel", 0}, {5, T, 0, "summary", 0},
    {6, M, 0, "ownCategory", &agency_code}, {7, V, 0, "callClass", 0},
    {8, V, 0, "reportKind", 0}, {9, T, 0, "reportNumber", 0}, {10, V, 0, "reporter", 0},
    {11, V, 0, "callback", 0}, {12, V, 0, "verification", 0}, {13, M, 0, "location", &location},
    {14, M, 0, "callerLocation", &location}, {15, M, 1, "milestones", &milestone},
    {16, M, 0, "casualties", &casualties}, {17, M, 0, "hazards", &hazards},
    {18, M, 0, "details", &details}, {19, M, 1, "attachments", &attachment},
    {20, V, 0, "severity", 0}, {21, T, 0, "intakeNote", 0}, {22, T, 1, "alreadyTold", 0}}};
static const struct kt_body_shape loss = {"Loss", 8,
    (const struct kt_body_field[]){
    {1, M, 0, "total", &rupiah}, {2, M, 0, "saved", &rupiah},
    {3, M, 0, "buildingsHeavy", &count}, {4, M, 0, "buildingsModerate", &count},
    {5, M, 0, "buildingsLight", &count}, {6, M, 0, "vehicles", &count},
    {7, E, 0, "burntAreaM2", 0}, {8, T, 0, "text", 0}}};
static const struct kt_body_shape incident = {"Incident", 35,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {3, V, 0, "removed", 0}, {4, V, 0, "state", 0},
    {5, M, 0, "ownState", &agency_code}, {6, M, 0, "ownCategory", &agency_code},
    {7, V, 0, "revision", 0}, {8, T, 1, "changed", 0}, {9, T, 0, "summary", 0},
    {10, T, 0, "owner", 0}, {11, T, 0, "caseNumber", 0}, {12, T, 1, "agencies", 0},
    {13, M, 1, "locations", &location}, {14, M, 1, "milestones", &milestone},
    {15, M, 0, "declaredAt", &timestamp}, {16, M, 0, "observedAt", &timestamp},
    {17, M, 0, "casualties", &casualties}, {18, M, 0, "hazards", &hazards},
    {19, M, 0, "loss", &loss}, {20, M, 0, "details", &details}, {21, V, 0, "severity", 0},
    {22, V, 0, "certainty", 0}, {23, V, 0, "trend", 0}, {24, V, 0, "scale", 0},
    {25, V, 0, "level", 0}, {26, V, 0, "cause", 0}, {27, T, 0, "survivorIncidentId", 0},
    {28, T, 0, "referredTo", 0}, {29, V, 0, "falseReason", 0}, {30, T, 0, "reason", 0},
    {31, M, 0, "startsAt", &timestamp}, {32, M, 0, "endsAt", &timestamp},
    {33, T, 1, "reportIds", 0}, {34, M, 1, "attachments", &attachment},
    {35, T, 0, "commandAgency", 0}, {36, T, 0, "radioChannel", 0}}};
static const struct kt_body_shape participation = {"Participation", 17,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {2, T, 0, "participationId", 0}, {3, V, 0, "removed", 0},
    {4, V, 0, "agencyRole", 0}, {5, V, 0, "state", 0}, {6, M, 0, "ownState", &agency_code},
    {7, M, 0, "ownCategory", &agency_code}, {8, T, 0, "caseNumber", 0}, {9, T, 1, "unitIds", 0},
    {10, M, 0, "staff", &count}, {11, M, 1, "milestones", &milestone},
    {12, V, 1, "dispositions", 0}, {13, M, 0, "ownDisposition", &agency_code},
    {14, V, 0, "noAction", 0}, {15, V, 0, "aid", 0}, {16, T, 0, "referredTo", 0},
    {17, T, 0, "note", 0}}};
static const struct kt_body_shape dispatch = {"Dispatch", 16,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {2, T, 0, "dispatchId", 0}, {3, V, 0, "removed", 0},
    {4, V, 0, "step", 0}, {5, T, 0, "toAgency", 0}, {6, T, 1, "unitIds", 0},
    {7, T, 0, "task", 0}, {8, M, 0, "ownCategory", &agency_code},
    {9, M, 0, "ownPriority", &agency_code}, {10, M, 0, "destination", &location},
    {11, M, 0, "staging", &location}, {12, T, 0, "radioChannel", 0},
    {13, M, 0, "ackWantedBy", &timestamp}, {14, T, 1, "basedOn", 0}, {15, T, 0, "reason", 0},
    {16, T, 0, "safetyNote", 0}}};
static const struct kt_body_shape acknowledgement = {"Acknowledgement", 9,
    (const struct kt_body_field[]){
    {4, T, 0, "eventId", 0}, {5, V, 0, "step", 0}, {6, V, 0, "cause", 0},
    {7, T, 0, "causeText", 0}, {8, T, 0, "byRole", 0}, {9, M, 0, "at", &timestamp},
    {10, M, 0, "arrivalExpectedAt", &timestamp}, {11, T, 0, "caseNumber", 0},
    {12, T, 0, "askInstead", 0}}};
static const struct kt_body_shape handover = {"Handover", 16,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {2, T, 0, "handoverId", 0}, {3, V, 0, "removed", 0},
    {4, V, 0, "step", 0}, {5, V, 0, "subject", 0}, {6, T, 0, "fromAgency", 0},
    {7, T, 0, "toAgency", 0}, {8, M, 0, "location", &location}, {9, T, 0, "reason", 0},
    {10, V, 0, "cause", 0}, {11, T, 0, "causeText", 0}, {12, M, 0, "dueAt", &timestamp},
    {13, T, 0, "briefing", 0}, {14, T, 0, "caseNumber", 0}, {15, M, 1, "custody", &custody_step},
    {16, V, 1, "dispositions", 0}}};
static const struct kt_body_shape schedule = {"Schedule", 3,
    (const struct kt_body_field[]){
    {1, V, 0, "kind", 0}, {2, M, 0, "at", &timestamp}, {3, M, 0, "location", &location}}};
static const struct kt_body_shape resource = {"Resource", 7,
    (const struct kt_body_field[]){
    {1, V, 0, "unitKind", 0}, {2, M, 0, "ownKind", &agency_code}, {3, T, 0, "text", 0},
    {4, M, 0, "quantity", &count}, {5, M, 0, "staff", &count}, {6, T, 0, "unitId", 0},
    {7, M, 1, "schedule", &schedule}}};
static const struct kt_body_shape resource_request = {"ResourceRequest", 14,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {2, T, 0, "requestId", 0}, {3, V, 0, "removed", 0},
    {4, V, 0, "message", 0}, {5, T, 1, "toAgencies", 0}, {6, M, 1, "resources", &resource},
    {7, T, 0, "purpose", 0}, {8, M, 0, "answerBy", &timestamp}, {9, M, 0, "reportTo", &location},
    {10, V, 0, "aid", 0}, {11, T, 0, "agreement", 0}, {12, V, 0, "isUpdate", 0},
    {13, V, 0, "isCancel", 0}, {14, T, 0, "reason", 0}}};
static const struct kt_body_shape resource_answer = {"ResourceAnswer", 10,
    (const struct kt_body_field[]){
    {2, T, 0, "requestId", 0}, {3, V, 0, "removed", 0}, {4, V, 0, "message", 0},
    {5, T, 0, "eventId", 0}, {6, V, 0, "decision", 0}, {7, T, 0, "reason", 0},
    {8, M, 1, "resources", &resource}, {9, M, 0, "deferredUntil", &timestamp},
    {10, M, 0, "quote", &rupiah}, {11, V, 0, "aid", 0}}};
static const struct kt_body_shape command_transfer = {"CommandTransfer", 13,
    (const struct kt_body_field[]){
    {2, T, 0, "commandId", 0}, {3, V, 0, "removed", 0}, {4, T, 0, "fromAgency", 0},
    {5, T, 0, "fromRole", 0}, {6, T, 0, "toAgency", 0}, {7, T, 0, "toRole", 0},
    {8, V, 0, "commandLevel", 0}, {9, M, 0, "at", &timestamp},
    {10, M, 0, "commandPost", &location}, {11, V, 0, "briefingDone", 0},
    {12, T, 0, "briefing", 0}, {13, T, 1, "unitIds", 0}, {14, T, 0, "radioChannel", 0}}};
static const struct kt_body_shape escalation = {"Escalation", 9,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {4, V, 0, "fromLevel", 0}, {5, V, 0, "toLevel", 0},
    {6, T, 0, "regionCode", 0}, {7, T, 1, "agencies", 0}, {8, T, 0, "reason", 0},
    {9, T, 1, "wanted", 0}, {10, T, 0, "declarationNumber", 0},
    {11, M, 0, "validUntil", &timestamp}}};
static const struct kt_body_shape observation = {"Observation", 19,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {4, T, 0, "summary", 0}, {5, V, 0, "observer", 0},
    {6, V, 0, "observationKind", 0}, {7, V, 0, "coached", 0}, {8, T, 0, "groupName", 0},
    {9, V, 0, "confirms", 0}, {10, V, 0, "certainty", 0}, {11, M, 0, "location", &location},
    {12, M, 0, "casualties", &casualties}, {13, M, 0, "hazards", &hazards},
    {14, M, 0, "loss", &loss}, {15, M, 0, "details", &details}, {16, V, 0, "trend", 0},
    {17, M, 1, "milestones", &milestone}, {18, M, 1, "attachments", &attachment},
    {19, T, 1, "urgentNeeds", 0}, {20, M, 0, "units", &count}, {21, M, 0, "staff", &count}}};
static const struct kt_body_shape incident_link = {"IncidentLink", 4,
    (const struct kt_body_field[]){
    {4, V, 0, "link", 0}, {5, T, 1, "otherIncidentIds", 0}, {6, T, 0, "reason", 0},
    {7, V, 0, "certainty", 0}}};
static const struct kt_body_shape geo_point = {"GeoPoint", 2,
    (const struct kt_body_field[]){
    {1, E, 0, "latitude", 0}, {2, E, 0, "longitude", 0}}};
static const struct kt_body_shape planned_site = {"PlannedSite", 11,
    (const struct kt_body_field[]){
    {1, V, 0, "kind", 0}, {2, T, 0, "name", 0}, {3, M, 0, "location", &location},
    {4, M, 1, "line", &geo_point}, {5, M, 0, "opensAt", &timestamp},
    {6, M, 0, "closesAt", &timestamp}, {7, T, 0, "agency", 0}, {8, V, 0, "capacity", 0},
    {9, V, 0, "isOpen", 0}, {10, T, 0, "facilityId", 0}, {11, T, 0, "note", 0}}};
static const struct kt_body_shape planned_event = {"PlannedEvent", 21,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {3, V, 0, "removed", 0}, {4, T, 0, "name", 0},
    {5, V, 0, "state", 0}, {6, V, 0, "revision", 0}, {7, M, 0, "startsAt", &timestamp},
    {8, M, 0, "endsAt", &timestamp}, {9, T, 0, "organiser", 0}, {10, T, 0, "permitNumber", 0},
    {11, T, 0, "leadAgency", 0}, {12, T, 1, "agencies", 0}, {13, M, 0, "location", &location},
    {14, M, 1, "outline", &geo_point}, {15, M, 1, "sites", &planned_site},
    {16, M, 0, "expectedPeople", &count}, {17, M, 0, "presentPeople", &count},
    {18, T, 0, "stage", 0}, {19, T, 1, "requests", 0}, {20, T, 0, "risks", 0},
    {21, M, 1, "attachments", &attachment}, {22, T, 0, "parentIncidentId", 0}}};
static const struct kt_body_shape first_arrival = {"FirstArrival", 6,
    (const struct kt_body_field[]){
    {1, T, 0, "agency", 0}, {2, T, 0, "unitId", 0}, {3, V, 0, "volunteers", 0},
    {4, V, 0, "coached", 0}, {5, T, 0, "groupName", 0}, {6, M, 0, "at", &timestamp}}};
static const struct kt_body_shape closing_report = {"ClosingReport", 28,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {4, M, 0, "ownCategory", &agency_code},
    {5, T, 0, "reportNumber", 0}, {6, T, 0, "chronology", 0}, {7, T, 0, "action", 0},
    {8, T, 0, "result", 0}, {9, V, 1, "dispositions", 0},
    {10, M, 0, "ownDisposition", &agency_code}, {11, V, 0, "falseReason", 0},
    {12, M, 0, "location", &location}, {13, M, 1, "milestones", &milestone},
    {14, M, 0, "firstArrival", &first_arrival}, {15, T, 1, "vehicles", 0},
    {16, M, 0, "staff", &count}, {17, V, 0, "workedMinutes", 0},
    {18, M, 0, "casualties", &casualties}, {19, M, 0, "loss", &loss}, {20, V, 0, "cause", 0},
    {21, T, 0, "causeText", 0}, {22, M, 0, "details", &details}, {23, V, 0, "spmService", 0},
    {24, V, 0, "spmCounted", 0}, {25, T, 0, "spmExclusion", 0}, {26, T, 1, "obstacles", 0},
    {27, T, 0, "lessons", 0}, {28, V, 0, "investigation", 0},
    {29, M, 1, "attachments", &attachment}, {30, M, 0, "cost", &rupiah}}};
static const struct kt_body_shape unit_status = {"UnitStatus", 26,
    (const struct kt_body_field[]){
    {2, T, 0, "unitId", 0}, {3, V, 0, "removed", 0}, {4, V, 0, "availability", 0},
    {5, V, 0, "activity", 0}, {6, M, 0, "ownStatus", &agency_code}, {7, V, 0, "unitKind", 0},
    {8, M, 0, "ownKind", &agency_code}, {9, T, 0, "callSign", 0}, {10, T, 0, "plate", 0},
    {11, T, 0, "homeAgency", 0}, {12, T, 0, "baseFacilityId", 0},
    {13, M, 0, "since", &timestamp}, {14, M, 0, "arrivalExpectedAt", &timestamp},
    {15, M, 0, "availableFrom", &timestamp}, {16, M, 0, "location", &location},
    {17, M, 0, "destination", &location}, {18, T, 0, "destinationFacilityId", 0},
    {19, M, 0, "crew", &count}, {20, M, 0, "patients", &count}, {21, V, 0, "volunteers", 0},
    {22, V, 0, "coached", 0}, {23, E, 0, "waterL", 0}, {24, E, 0, "speedKmh", 0},
    {25, E, 0, "headingDeg", 0}, {26, M, 1, "milestones", &milestone}, {27, T, 0, "note", 0}}};
static const struct kt_body_shape bed_capacity = {"BedCapacity", 5,
    (const struct kt_body_field[]){
    {1, V, 0, "kind", 0}, {2, V, 0, "state", 0}, {3, V, 0, "available", 0},
    {4, V, 0, "capacity", 0}, {5, T, 0, "text", 0}}};
static const struct kt_body_shape triage_capacity = {"TriageCapacity", 4,
    (const struct kt_body_field[]){
    {1, M, 0, "red", &count}, {2, M, 0, "yellow", &count}, {3, M, 0, "green", &count},
    {4, M, 0, "black", &count}}};
static const struct kt_body_shape staffing = {"Staffing", 5,
    (const struct kt_body_field[]){
    {1, M, 0, "onDuty", &count}, {2, M, 0, "needed", &count}, {3, M, 0, "certified", &count},
    {4, M, 0, "volunteers", &count}, {5, M, 0, "unitsReady", &count}}};
static const struct kt_body_shape facility_status = {"FacilityStatus", 20,
    (const struct kt_body_field[]){
    {2, T, 0, "facilityId", 0}, {3, V, 0, "removed", 0}, {4, V, 0, "kind", 0},
    {5, T, 0, "name", 0}, {6, V, 0, "state", 0}, {7, M, 0, "ownState", &agency_code},
    {8, T, 0, "reason", 0}, {9, V, 0, "emsTraffic", 0}, {10, V, 0, "emsOffload", 0},
    {11, V, 0, "offloadMinutes", 0}, {12, M, 1, "beds", &bed_capacity},
    {13, M, 0, "triage", &triage_capacity}, {14, M, 0, "staffing", &staffing},
    {15, T, 1, "services", 0}, {16, T, 1, "shortages", 0}, {17, M, 0, "occupants", &count},
    {18, M, 0, "location", &location}, {19, M, 0, "since", &timestamp},
    {20, M, 0, "validUntil", &timestamp}, {21, T, 0, "deskPhone", 0}}};
static const struct kt_body_shape call_figures = {"CallFigures", 9,
    (const struct kt_body_field[]){
    {1, M, 0, "beginsAt", &timestamp}, {2, M, 0, "endsAt", &timestamp}, {3, V, 0, "received", 0},
    {4, V, 0, "answered", 0}, {5, V, 0, "normal", 0}, {6, V, 0, "ghost", 0},
    {7, V, 0, "prank", 0}, {8, V, 0, "information", 0}, {9, V, 0, "fieldActions", 0}}};
static const struct kt_body_shape service_status = {"ServiceStatus", 14,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {2, T, 0, "serviceId", 0}, {3, V, 0, "removed", 0},
    {4, V, 0, "kind", 0}, {5, T, 0, "name", 0}, {6, V, 0, "state", 0},
    {7, M, 0, "since", &timestamp}, {8, M, 0, "backExpectedAt", &timestamp},
    {9, T, 0, "cause", 0}, {10, T, 0, "workaround", 0}, {11, T, 1, "affectedRegions", 0},
    {12, M, 0, "affected", &count}, {13, M, 0, "calls", &call_figures}, {14, T, 0, "edition", 0}}};
static const struct kt_body_shape asset_status = {"AssetStatus", 19,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {2, T, 0, "assetId", 0}, {3, V, 0, "removed", 0},
    {4, V, 0, "kind", 0}, {5, V, 0, "state", 0}, {6, M, 0, "ownState", &agency_code},
    {7, V, 0, "fault", 0}, {8, T, 0, "faultText", 0}, {9, T, 0, "responsible", 0},
    {10, T, 0, "ticketNumber", 0}, {11, M, 0, "location", &location},
    {12, M, 0, "faultSince", &timestamp}, {13, M, 0, "reportedAt", &timestamp},
    {14, M, 0, "repairDueAt", &timestamp}, {15, M, 0, "repairedAt", &timestamp},
    {16, M, 0, "points", &count}, {17, T, 0, "parentAssetId", 0}, {18, M, 0, "cost", &rupiah},
    {19, M, 1, "attachments", &attachment}}};
static const struct kt_body_shape presence = {"Presence", 10,
    (const struct kt_body_field[]){
    {2, T, 0, "agency", 0}, {3, V, 0, "removed", 0}, {4, V, 0, "state", 0},
    {5, M, 0, "since", &timestamp}, {6, V, 0, "sessions", 0}, {7, T, 1, "clients", 0},
    {8, T, 1, "supportedKinds", 0}, {9, V, 0, "policyChange", 0}, {10, T, 0, "deskPhone", 0},
    {11, V, 0, "clockSkewMs", 0}}};
static const struct kt_body_shape budget = {"Budget", 3,
    (const struct kt_body_field[]){
    {1, M, 0, "planned", &rupiah}, {2, M, 0, "spent", &rupiah}, {3, T, 0, "line", 0}}};
static const struct kt_body_shape follow_up = {"FollowUp", 4,
    (const struct kt_body_field[]){
    {1, T, 0, "task", 0}, {2, T, 0, "agency", 0}, {3, M, 0, "dueAt", &timestamp},
    {4, V, 0, "done", 0}}};
static const struct kt_body_shape spm_progress = {"SpmProgress", 23,
    (const struct kt_body_field[]){
    {2, T, 0, "progressId", 0}, {3, V, 0, "removed", 0}, {4, T, 0, "regionCode", 0},
    {5, V, 0, "service", 0}, {6, M, 0, "indicator", &agency_code}, {7, V, 0, "year", 0},
    {8, V, 0, "quarter", 0}, {9, E, 0, "numerator", 0}, {10, E, 0, "denominator", 0},
    {11, T, 0, "unit", 0}, {12, E, 0, "targetPercent", 0}, {13, M, 0, "byVolunteers", &count},
    {14, E, 0, "averageMinutes", 0}, {15, T, 0, "clockStart", 0}, {16, T, 0, "clockStop", 0},
    {17, T, 0, "result", 0}, {18, T, 1, "obstacles", 0}, {19, M, 0, "budget", &budget},
    {20, V, 0, "state", 0}, {21, M, 0, "missingStamps", &count}, {22, V, 0, "fromSeq", 0},
    {23, V, 0, "toSeq", 0}, {24, M, 1, "followUps", &follow_up}}};
static const struct kt_body_shape named_value = {"NamedValue", 2,
    (const struct kt_body_field[]){
    {1, T, 0, "valueName", 0}, {2, T, 0, "value", 0}}};
static const struct kt_body_shape alert_resource = {"AlertResource", 6,
    (const struct kt_body_field[]){
    {1, T, 0, "description", 0}, {2, T, 0, "mimeType", 0}, {3, V, 0, "sizeBytes", 0},
    {4, T, 0, "uri", 0}, {5, B, 0, "content", 0}, {6, T, 0, "digest", 0}}};
static const struct kt_body_shape polygon = {"Polygon", 1,
    (const struct kt_body_field[]){
    {1, M, 1, "points", &geo_point}}};
static const struct kt_body_shape circle = {"Circle", 2,
    (const struct kt_body_field[]){
    {1, M, 0, "center", &geo_point}, {2, E, 0, "radiusKm", 0}}};
static const struct kt_body_shape alert_area = {"AlertArea", 6,
    (const struct kt_body_field[]){
    {1, T, 0, "description", 0}, {2, M, 1, "polygons", &polygon}, {3, M, 1, "circles", &circle},
    {4, M, 1, "geocodes", &named_value}, {5, E, 0, "altitudeFt", 0}, {6, E, 0, "ceilingFt", 0}}};
static const struct kt_body_shape alert_info = {"AlertInfo", 21,
    (const struct kt_body_field[]){
    {1, T, 0, "language", 0}, {2, V, 1, "categories", 0}, {3, T, 0, "event", 0},
    {4, V, 1, "responses", 0}, {5, V, 0, "urgency", 0}, {6, V, 0, "severity", 0},
    {7, V, 0, "certainty", 0}, {8, T, 0, "audience", 0}, {9, M, 1, "eventCodes", &named_value},
    {10, M, 0, "effectiveAt", &timestamp}, {11, M, 0, "onsetAt", &timestamp},
    {12, M, 0, "expiresAt", &timestamp}, {13, T, 0, "senderName", 0}, {14, T, 0, "headline", 0},
    {15, T, 0, "description", 0}, {16, T, 0, "instruction", 0}, {17, T, 0, "web", 0},
    {18, T, 0, "contact", 0}, {19, M, 1, "parameters", &named_value},
    {20, M, 1, "resources", &alert_resource}, {21, M, 1, "areas", &alert_area}}};
static const struct kt_body_shape alert = {"Alert", 16,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {2, T, 0, "alertId", 0}, {3, V, 0, "removed", 0},
    {4, T, 0, "sender", 0}, {5, M, 0, "sentAt", &timestamp}, {6, V, 0, "status", 0},
    {7, V, 0, "messageType", 0}, {8, T, 0, "sourceName", 0}, {9, V, 0, "scope", 0},
    {10, T, 0, "restriction", 0}, {11, T, 1, "addresses", 0}, {12, T, 1, "codes", 0},
    {13, T, 0, "note", 0}, {14, T, 1, "references", 0}, {15, T, 1, "incidents", 0},
    {16, M, 1, "infos", &alert_info}}};
static const struct kt_body_shape custom = {"Custom", 6,
    (const struct kt_body_field[]){
    {1, V, 0, "category", 0}, {2, T, 0, "entity", 0}, {3, V, 0, "removed", 0},
    {4, T, 0, "type", 0}, {5, B, 0, "data", 0}, {6, T, 0, "json", 0}}};
static const struct kt_body_shape event = {"Event", 35,
    (const struct kt_body_field[]){
    {1, T, 0, "id", 0}, {2, T, 0, "topic", 0}, {3, V, 0, "mode", 0},
    {4, M, 0, "occurredAt", &timestamp}, {5, V, 0, "utcOffsetMinutes", 0},
    {6, T, 0, "incidentId", 0}, {7, V, 0, "priority", 0}, {8, M, 0, "expiresAt", &timestamp},
    {9, V, 0, "confidentiality", 0}, {10, T, 0, "source", 0}, {12, M, 0, "replayOf", &replay_of},
    {13, M, 0, "editions", &editions}, {14, M, 0, "personal", &personal_block},
    {32, M, 0, "report", &report}, {33, M, 0, "incident", &incident},
    {34, M, 0, "participation", &participation}, {35, M, 0, "dispatch", &dispatch},
    {36, M, 0, "ack", &acknowledgement}, {37, M, 0, "handover", &handover},
    {38, M, 0, "resourceRequest", &resource_request},
    {39, M, 0, "resourceAnswer", &resource_answer},
    {40, M, 0, "commandTransfer", &command_transfer}, {41, M, 0, "escalation", &escalation},
    {42, M, 0, "observation", &observation}, {43, M, 0, "incidentLink", &incident_link},
    {44, M, 0, "plannedEvent", &planned_event}, {45, M, 0, "closingReport", &closing_report},
    {46, M, 0, "unit", &unit_status}, {47, M, 0, "facility", &facility_status},
    {48, M, 0, "service", &service_status}, {49, M, 0, "asset", &asset_status},
    {50, M, 0, "presence", &presence}, {51, M, 0, "spmProgress", &spm_progress},
    {52, M, 0, "alert", &alert}, {53, M, 0, "custom", &custom}}};

const struct kt_body_shape *kt_body_event_shape(void)
{
    return &event;
}

const struct kt_body_shape *kt_body_personal_shape(void)
{
    return &personal_block;
}
