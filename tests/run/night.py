#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes palangka-raya-night.jsonl: one night of a city, as its agencies would have told it.

Nothing in it happened. Shares of calls, kinds of work, chains of hand-overs and response times follow
what Indonesian 112 centres and fire services publish: most calls are no emergency; most of a fire
service's work is rescue and animals; a person in distress is handed from hand to hand and stays
open after the unit has cleared; volunteers are often first; first information is rarely whole.

usage: night.py > palangka-raya-night.jsonl      (the same bytes every time)
"""
import datetime
import json
import random
import sys
import uuid

ZONE = datetime.timezone(datetime.timedelta(hours=7))
DUSK = datetime.datetime(2025, 12, 10, 17, 30, tzinfo=ZONE)
NIGHT_S = 13 * 3600
INCIDENTS, NOISE_CALLS, LAMPS = 92, 240, 60
DISTRICTS = {"01": "Pahandut", "02": "Bukit Batu", "03": "Jekan Raya", "04": "Sabangau", "05": "Rakumpit"}
STREETS = ["Jl. Tilung", "Jl. G. Obos", "Jl. Tjilik Riwut", "Jl. RTA Milono", "Jl. Yos Sudarso", "Jl. Rajawali",
           "Jl. Seth Adji", "Jl. Kalibata", "Jl. Mahir Mahar", "Jl. Ahmad Yani", "Jl. Dr. Murjani", "Jl. Hiu Putih"]
LANDMARKS = ["dekat masjid", "seberang SPBU", "belakang pasar", "samping SD", "dekat jembatan", "ujung gang", ""]

# category, topic family, weight, lead agency, helpers, what people say
KINDS = [
    ("FIRE_STRUCTURE", "fire", 9, "damkar", ["relawan", "satpolpp", "dinkes"], "Rumah terbakar"),
    ("FIRE_VEGETATION", "fire", 8, "damkar", ["relawan"], "Lahan terbakar"),
    ("FIRE_ELECTRICAL", "fire", 4, "damkar", [], "Kabel listrik terbakar"),
    ("ANIMAL_DANGEROUS", "rescue", 14, "damkar", [], "Ular masuk rumah"),
    ("RESCUE_RING", "rescue", 6, "damkar", [], "Cincin tidak bisa dilepas"),
    ("TREE_FALLEN", "rescue", 7, "damkar", ["dishub"], "Pohon tumbang menutup jalan"),
    ("RESCUE_WATER", "rescue", 3, "damkar", ["relawan", "dinkes"], "Orang tenggelam di sungai"),
    ("TRAFFIC_CRASH", "traffic", 10, "dinkes", ["dishub", "damkar"], "Tabrakan dua sepeda motor"),
    ("MEDICAL", "medical", 14, "dinkes", [], "Orang pingsan, sesak napas"),
    ("TIBUM_ODGJ", "order", 7, "satpolpp", ["dinkes"], "Orang mengamuk di jalan"),
    ("TIBUM_TERNAK", "order", 5, "satpolpp", [], "Sapi lepas di jalan raya"),
    ("TIBUM_PEKAT", "order", 4, "satpolpp", [], "Keributan di warung"),
    ("TIBUM_PKL", "order", 4, "satpolpp", [], "Lapak menutup trotoar"),
    ("FLOOD", "disaster", 3, "bpbd", ["relawan", "satpolpp"], "Air masuk rumah warga"),
]
UNITS = {"damkar": ["Damkar 01", "Damkar 02", "Damkar 03", "Rescue 01", "Tangki 04"],
         "dinkes": ["Ambulans 1", "Ambulans 2", "Ambulans 3"], "satpolpp": ["TRC 1", "TRC 2", "Patroli 3"],
         "relawan": ["BPK Swakarsa 5", "BPK Swakarsa 8", "Redkar Tilung"], "dishub": ["Derek 1"],
         "bpbd": ["Perahu 1", "TRC BPBD"]}
UNIT_KINDS = {"damkar": "PUMPER", "dinkes": "AMBULANCE", "satpolpp": "RAPID_SQUAD", "relawan": "VOLUNTEERS",
              "dishub": "TRAFFIC", "bpbd": "DISASTER_TEAM"}


class Night:
    def __init__(self):
        self.chance = random.Random(6271)
        self.events = []

    def at(self, seconds):
        return DUSK + datetime.timedelta(seconds=round(seconds))

    def stamp(self, seconds):
        return self.at(seconds).isoformat()

    def new_id(self, seconds):
        milliseconds = int(self.at(seconds).timestamp() * 1000)
        value = milliseconds << 80 | 7 << 76 | self.chance.getrandbits(12) << 64
        return str(uuid.UUID(int=value | 2 << 62 | self.chance.getrandbits(62)))

    def tell(self, seconds, source, topic, body, content, **more):
        """One event; what is told late by radio keeps the time at which it happened."""
        event = {"id": self.new_id(seconds), "topic": topic, "source": source,
                 "occurredAt": self.stamp(seconds), **more, body: content}
        self.events.append((seconds, len(self.events), event))
        return event["id"]

    def place(self, district, precise):
        street = self.chance.choice(STREETS)
        found = {"role": "INCIDENT", "regionCode": f"62.71.{district}",
                 "address": f"{street} No. {self.chance.randint(1, 180)}" if precise else street}
        landmark = self.chance.choice(LANDMARKS)
        if landmark:
            found["landmark"] = landmark
        if precise:
            found["position"] = {"latitude": round(-2.21 + self.chance.uniform(-.06, .06), 5),
                                 "longitude": round(113.92 + self.chance.uniform(-.06, .06), 5),
                                 "precision": "ADDRESS"}
        return found

    def milestone(self, kind, seconds, source="RADIO", **more):
        return {"kind": kind, "at": self.stamp(seconds), "source": source, **more}


def call(night, incident, seconds, kind, topic, place):
    """The first report: seldom whole. A second caller adds what was missing."""
    category, _, _, _, _, words = kind
    report = {"category": category, "channel": night.chance.choice(["CALL_112", "CALL_112", "CALL_112", "WHATSAPP"]),
              "summary": f"{words} di {place['address']}", "callClass": "NORMAL", "reportKind": "NEW",
              "milestones": [night.milestone("CALL_ARRIVED", seconds - 40, "OPERATOR"),
                             night.milestone("CALL_ANSWERED", seconds - 32, "OPERATOR")]}
    more = {"incidentId": incident, "priority": 8 if category.startswith("FIRE_STR") else 5}
    if night.chance.random() < .55:
        report["location"] = place
    if night.chance.random() < .4:
        report["casualties"] = {"any": night.chance.choice(["NO", "UNKNOWN"])}
        report["callback"] = "IN_PERSONAL"
        more["personal"] = {"legalBasis": "VITAL_INTEREST", "persons": [
            {"roles": ["CALLER"], "name": f"Warga {night.chance.randint(1, 9999)}",
             "phones": [f"+62811{night.chance.randint(1000000, 9999999)}"]}]}
    first = night.tell(seconds, "pusat-112", topic, "report", report, **more)
    if night.chance.random() < .35:
        night.tell(seconds + night.chance.randint(30, 300), "pusat-112", topic, "report",
                   {"category": category, "channel": "CALL_112", "reportKind": "ONGOING", "location": place,
                    "summary": f"Penelepon lain: {words.lower()}, {place['address']}",
                    "casualties": {"any": night.chance.choice(["YES", "NO", "UNKNOWN"])}}, incidentId=incident)
    return first


def send_unit(night, incident, agency, unit, seconds, topic, place):
    """One unit from order to home again; returns when it arrived."""
    turnout, travel = night.chance.randint(45, 150), night.chance.randint(180, 900)
    work = night.chance.randint(300, 3600)
    steps = [("DISPATCHED", 0), ("EN_ROUTE", turnout), ("ON_SCENE", turnout + travel)]
    if agency == "dinkes":
        steps += [("AT_PATIENT", turnout + travel + 90), ("TRANSPORTING", turnout + travel + work // 2),
                  ("AT_DESTINATION", turnout + travel + work)]
    steps += [("CLEARED", turnout + travel + work), ("AT_STATION", turnout + travel * 2 + work)]
    home = topic.split("/incident/")[0]
    for activity, after in steps:
        status = {"unitId": unit, "activity": activity, "unitKind": UNIT_KINDS[agency], "homeAgency": agency,
                  "availability": "AVAILABLE" if activity in ("CLEARED", "AT_STATION") else "NOT_AVAILABLE",
                  "since": night.stamp(seconds + after)}
        if activity == "ON_SCENE":
            status["location"] = place
        if agency == "relawan":
            status.update(volunteers="YES", coached=night.chance.choice(["YES", "NO"]))
        night.tell(seconds + after, agency, f"{home}/status/unit", "unit", status, incidentId=incident)
    return seconds + turnout + travel, seconds + turnout + travel + work


def take_part(night, incident, agency, seconds, topic, place, category, dispatch):
    """An agency's own participation: seen, accepted, worked, done."""
    answered = seconds + night.chance.randint(15, 120)
    night.tell(answered - 8, agency, topic, "ack", {"eventId": dispatch, "step": "SEEN", "byRole": "dispatcher"},
               incidentId=incident)
    night.tell(answered, agency, topic, "ack", {"eventId": dispatch, "step": "ACCEPTED", "byRole": "dispatcher",
                                                "at": night.stamp(answered)}, incidentId=incident)
    arrived, done = send_unit(night, incident, agency, night.chance.choice(UNITS[agency]), answered + 10, topic, place)
    part = {"category": category, "participationId": f"{incident}/{agency}", "agencyRole": "DISPATCHED"}
    for state, when in (("WORKING", arrived + 60), ("COMPLETE", done + 120)):
        night.tell(when, agency, topic, "participation",
                   {**part, "state": state, "milestones": [night.milestone("UNIT_ARRIVED", arrived)]},
                   incidentId=incident)
    return arrived, done


def volunteers_see(night, incident, seconds, topic, category, place):
    night.tell(seconds, "relawan", topic, "observation",
               {"category": category, "summary": "Sudah di lokasi, akses gang sempit", "observer": "VOLUNTEER",
                "coached": "YES", "confirms": "YES", "location": place, "certainty": "OBSERVED",
                "hazards": {"any": "YES", "items": [{"kind": "GAS_CYLINDER", "present": "UNKNOWN"}]}},
               incidentId=incident)


def play_incident(night, number, kind):
    category, family, _, lead, helpers, words = kind
    seconds = night.chance.uniform(600, NIGHT_S - 5400)
    district = night.chance.choices(list(DISTRICTS), [5, 1, 6, 2, 1])[0]
    incident, topic = f"PKY-2025-{number:04d}", f"62/71/{district}/incident/{family}"
    place = night.place(district, precise=True)
    report = call(night, incident, seconds, kind, topic, place)
    state = {"category": category, "owner": "pusat-112", "summary": f"{words} di {place['address']}"}

    def say(after, name, **more):
        night.tell(after, "pusat-112", topic, "incident", {**state, "state": name, **more}, incidentId=incident)

    say(seconds + 45, "VERIFIED", reportIds=[report], locations=[place])
    dispatch = night.tell(seconds + 70, "pusat-112", topic, "dispatch",
                          {"category": category, "dispatchId": f"{incident}/1", "step": "ORDER", "toAgency": lead,
                           "task": words, "destination": place}, incidentId=incident, priority=8)
    say(seconds + 75, "ASSIGNED", agencies=[lead])
    arrived, done = take_part(night, incident, lead, seconds + 80, topic, place, category, dispatch)
    for helper in helpers:
        if night.chance.random() < .7:
            extra = night.tell(seconds + 150, "pusat-112", topic, "dispatch",
                               {"category": category, "dispatchId": f"{incident}/{helper}", "step": "ADD",
                                "toAgency": helper, "task": "Bantu di lokasi"}, incidentId=incident)
            came, left = take_part(night, incident, helper, seconds + 160, topic, place, category, extra)
            done = max(done, left)
            if helper == "relawan":
                volunteers_see(night, incident, came + 30, topic, category, place)
    say(arrived + 20, "ON_SCENE")
    say(done - 100, "UNDER_CONTROL" if family == "fire" else "RESOLVED")
    night.tell(done + 600, lead, topic, "closingReport",
               {"category": category, "location": place, "result": "Selesai ditangani", "staff":
                {"qualifier": "EXACT", "number": night.chance.randint(4, 15)}, "casualties": {"any": "NO"},
                "milestones": [night.milestone("CALL_ARRIVED", seconds - 40, "OPERATOR"),
                               night.milestone("UNIT_ARRIVED", arrived)]}, incidentId=incident)
    say(done + 900, "CLOSED")


def play_noise(night, number):
    """Ghosts, pranks and questions: most of what a 112 desk hears. Told, and never dispatched."""
    seconds = night.chance.uniform(0, NIGHT_S)
    what = night.chance.choices(["GHOST", "PRANK", "INFORMATION", "ABANDONED"], [5, 3, 4, 2])[0]
    night.tell(seconds, "pusat-112", "62/71/incident/call", "report",
               {"category": "UNKNOWN", "channel": "CALL_112", "callClass": what,
                "summary": {"GHOST": "Tidak ada suara", "PRANK": "Panggilan main-main", "INFORMATION":
                            "Menanyakan nomor puskesmas", "ABANDONED": "Ditutup sebelum dijawab"}[what]},
               incidentId=f"CALL-2025-{number:05d}")


def play_standing(night):
    """What is told by the clock: hospital beds, street lights, a drill that no live desk may see."""
    for hour in range(13):
        for hospital in ("RSUD Doris Sylvanus", "RS Bhayangkara"):
            night.tell(hour * 3600 + 300, "dinkes", "62/71/status/facility", "facility",
                       {"facilityId": hospital, "kind": "HOSPITAL", "state": "NORMAL", "beds": [
                           {"kind": "EMERGENCY_DEPARTMENT", "state": "AVAILABLE", "capacity": 12,
                            "available": night.chance.randint(1, 9)}]})
    for number in range(LAMPS):
        night.tell(night.chance.uniform(0, NIGHT_S), "kominfo", "62/71/status/asset", "asset",
                   {"assetId": f"PJU-{number:05d}", "category": "PJU_FAULT", "kind": "STREET_LIGHT",
                    "state": "FAULT_REPORTED", "fault": "DARK"})
    for number in range(24):
        night.tell(7200 + number * 60, "damkar", "62/71/incident/fire", "report",
                   {"category": "FIRE_INDUSTRIAL", "channel": "RADIO", "summary": f"LATIHAN: adegan {number + 1}"},
                   mode="EXERCISE", incidentId="EX-2025-0001")


def main():
    night = Night()
    weights = [kind[2] for kind in KINDS]
    for number in range(1, INCIDENTS + 1):
        play_incident(night, number, night.chance.choices(KINDS, weights)[0])
    for number in range(1, NOISE_CALLS + 1):
        play_noise(night, number)
    play_standing(night)
    for _, _, event in sorted(night.events, key=lambda entry: entry[:2]):
        json.dump(event, sys.stdout, ensure_ascii=False, separators=(",", ":"))
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
