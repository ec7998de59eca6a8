#!/usr/bin/python3
"""descriptors_planted.py SCHEMAS: descriptors.py catches each breach of its rules.

SCHEMAS is the folder that holds kentongan/v1. Each row changes one place of a copy; the fault that
it must cause is named beside it.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import sys
import tempfile

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "descriptors.py")

# What is planted | file | text in it | what takes its place | words of the fault
PLANTS = (
    ("an optional field", "report", "  string intake_note = 21;",
     "  optional string intake_note = 21;", "is optional"),
    ("a map", "status", "  string edition = 14;",
     "  map<string, string> edition = 14;", "is a map"),
    ("a json_name", "report", "  string report_number = 9;",
     '  string report_number = 9 [json_name = "number"];', "sets json_name"),
    ("a message that contains itself", "place", "  string facility_id = 12;",
     "  string facility_id = 12;\n  // Around it. [EMSI]\n  Location around = 13;",
     "contains itself"),
    ("a circle of two messages", "order", "  string note = 9;",
     "  string note = 9;\n  // Why. [EMSI]\n  DisturbedPerson why = 10;", "contains itself"),
    ("too deep a nest", "order", "  string note = 9;",
     "  string note = 9;\n  // One. [EMSI]\n  One one = 10;", "deep, more than"),
    ("a bare enum", "common", "// A yes or no", "enum Bare { BARE_ZERO = 0; }\n\n// A yes or no",
     "an enum outside a message"),
    ("an enum whose zero is a value", "common", "    UNSPECIFIED = 0;\n    YES = 1;",
     "    YES = 0;\n    OH = 1;", "does not begin with UNSPECIFIED"),
    ("an enum of another name", "common", "message YesNo {\n  enum Value",
     "message YesNo {\n  enum Other { NOTHING = 0; }\n  enum Value", "nothing else"),
    ("two names for a number", "common", "    UNSPECIFIED = 0;\n    YES = 1;",
     "    option allow_alias = true;\n    UNSPECIFIED = 0;\n    YES = 1;\n    AYE = 1;",
     "one number two names"),
    ("a value in small letters", "common", "    YES = 1;", "    yes = 1;", "not in capitals"),
    ("a field named base", "report", "  string intake_note = 21;", "  string base = 21;",
     "keeps for itself"),
    ("a keyword of C", "report", "  string intake_note = 21;", "  string register = 21;",
     "keeps for itself"),
    ("a keyword of Java", "report", "  string intake_note = 21;", "  string class = 21;",
     "keeps for itself"),
    ("a count beside a repeated field", "report", "  string intake_note = 21;",
     "  string milestones_count = 21;", "collides"),
    ("a digit after an underscore", "report", "  string intake_note = 21;",
     "  string note_2 = 21;", "no plain name"),
    ("presence under another name", "common", "oneof has_number", "oneof number_given",
     "should be has_number"),
    ("presence with two members", "common", "    uint32 number = 2;",
     "    uint32 number = 2;\n    // Other. [CAP]\n    uint32 other = 3;", "presence needs one"),
    ("a choice that nobody knows", "common", "  oneof has_number {\n",
     "  oneof pick {\n    // Other. [CAP]\n    uint32 other = 3;\n", "is no choice"),
    ("a time as a number", "milestone", "  google.protobuf.Timestamp at = 2;", "  uint64 at = 2;",
     "is a time and no Timestamp"),
    ("a field without a comment", "report", "  // Number of the call or ticket at the agency. "
     "[Cilegon SOP]\n", "", "no comment that ends with its sources"),
    ("a field without a source", "report", "ticket at the agency. [Cilegon SOP]",
     "ticket at the agency.", "no comment that ends with its sources"),
    ("a source that nobody knows", "report", "ticket at the agency. [Cilegon SOP]",
     "ticket at the agency. [Hearsay]", "unknown source Hearsay"),
    ("a value without a comment", "report", "  // The emergency number.", "",
     "CALL_112: has no comment"),
    ("an enum without a source", "report", "the report came. [HUB RC-EDA, Permenkominfo 10/2016]",
     "the report came.", "Channel: has no comment that ends"),
    ("a message without a comment", "common", "// A value under a name that others have defined.\n",
     "", "NamedValue: has no comment"),
    ("a telephone number in a report", "report", "  string intake_note = 21;",
     "  string phone = 21;", "outside the personal block"),
    ("an envelope field of another number", "event", "  string source = 10;\n  reserved 11;",
     "  string source = 11;", "differs from the numbers"),
    ("a body out of place", "event", "    Custom custom = 53;", "    Custom custom = 54;",
     "differs from the numbers"),
    ("something else in field 1 of a body", "report", "  Category.Value category = 1;",
     "  string category = 1;", "field 1 is not"),
    ("a number in field 2 of a body", "unit", "  string unit_id = 2;", "  uint64 unit_id = 2;",
     "field 2 is not"),
    ("something else in field 3 of a body", "unit", "  bool removed = 3;", "  bool gone = 3;",
     "field 3 is not"),
    ("a category further down", "unit", "  string note = 27;",
     "  string note = 27;\n  // Kind. [CAP]\n  string category = 28;", "category is field 28"),
)
NEST = """
// One. [EMSI]
message One {
  // Two. [EMSI]
  Two two = 1;
}
// Two. [EMSI]
message Two {
  // Three. [EMSI]
  Three three = 1;
}
// Three. [EMSI]
message Three {
  // Four. [EMSI]
  google.protobuf.Timestamp at = 1;
}
"""


def faults_of(folder):
    """What descriptors.py says of the schemas in `folder`: (exit code, text)."""
    schemas = sorted(f"kentongan/v1/{name}" for name in os.listdir(f"{folder}/kentongan/v1"))
    subprocess.run(["protoc", f"-I{folder}", "--include_imports", "--include_source_info",
                    f"--descriptor_set_out={folder}/set.desc", *schemas], check=True)
    done = subprocess.run([sys.executable, CHECK, f"{folder}/set.desc"], text=True,
                          capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def plant(source, row):
    """None if the row's fault is caught, else what went wrong."""
    what, name, before, after, words = row
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(f"{source}/kentongan", f"{folder}/kentongan")
        path = f"{folder}/kentongan/v1/{name}.proto"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if text.count(before) < 1:
            return f"{what}: {name}.proto has no {before!r} any more"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(before, after, 1) + (NEST if "One one" in after else ""))
        code, said = faults_of(folder)
    if code == 1 and words in said:
        return None
    return f"{what}: not caught (exit {code}): {said.strip()[:300]}"


def main():
    source = sys.argv[1]
    faults = [fault for fault in (plant(source, row) for row in PLANTS) if fault]
    print("\n".join(faults) or f"{len(PLANTS)} breaches planted, all caught")
    return 1 if faults else 0


sys.exit(main())
