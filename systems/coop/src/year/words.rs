//! Names that people have, put together at random.

pub(super) const SURNAMES: [&str; 48] = [
    "Adeyemi",
    "Andersson",
    "Baker",
    "Becker",
    "Bianchi",
    "Brooks",
    "Carter",
    "Castillo",
    "Chen",
    "Cohen",
    "Dubois",
    "Edwards",
    "Fischer",
    "Foster",
    "Garcia",
    "Gupta",
    "Haddad",
    "Hansen",
    "Hughes",
    "Ivanova",
    "Jackson",
    "Kaya",
    "Kim",
    "Kowalski",
    "Lewis",
    "Martinez",
    "Mbeki",
    "Meyer",
    "Morales",
    "Murphy",
    "Nakamura",
    "Nguyen",
    "Novak",
    "O'Brien",
    "Okafor",
    "Olsen",
    "Patel",
    "Quinn",
    "Rossi",
    "Santos",
    "Schmidt",
    "Silva",
    "Singh",
    "Sørensen",
    "Tran",
    "Walker",
    "Weber",
    "Yilmaz",
];

pub(super) const PARENTS: [&str; 24] = [
    "Aisha", "Ana", "Bruno", "Carla", "Daniel", "Elena", "Fatima", "George", "Hannah", "Igor", "Jin",
    "Karen", "Luis", "Maria", "Nadia", "Omar", "Paula", "Rahul", "Sofia", "Thomas", "Uma", "Victor", "Wei",
    "Yara",
];

pub(super) const CHILDREN: [&str; 32] = [
    "Ada", "Ben", "Chloe", "David", "Emil", "Eva", "Finn", "Grace", "Hugo", "Ines", "Isaac", "Jana", "Kai",
    "Leo", "Lina", "Maya", "Milo", "Nina", "Noah", "Nora", "Oskar", "Pia", "Quentin", "Rosa", "Ruth", "Sami",
    "Theo", "Tilda", "Uri", "Vera", "Wanda", "Zoe",
];

pub(super) const COORDINATORS: [&str; 4] = ["sarah", "miguel", "priya", "joanna"];

pub(super) const REASONS: [&str; 4] =
    ["moved away", "back to public school", "found a co-op nearer to home", "too little time"];
