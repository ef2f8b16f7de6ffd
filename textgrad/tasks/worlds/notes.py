"""Notes of a hotel's staff, sorted by topic."""

from textgrad.tasks.worlds._world import Topic, World, phrases

WORLD = World(
    purpose="design",
    task="Sort each note of a hotel's staff into the book where it belongs.",
    topics={
        "P3": Topic(
            "lost and found things",
            phrases(
                "a black umbrella | a silver watch | a pair of glasses | a wallet | a child's teddy bear | a gold "
                "earring | a camera | a walking stick"
            ),
            phrases(
                "was left behind in the bar | turned up behind the curtain | was found in the stairwell | has been "
                "missing since checkout | was forgotten in the lobby | was handed in by a stranger"
            ),
        ),
        "D8": Topic(
            "noise",
            phrases(
                "loud music | a barking dog | shouting in the corridor | the drilling next door | a party upstairs "
                "| a screaming baby | slamming windows | drunken singing"
            ),
            phrases(
                "kept the guest awake | went on until three | can be heard through the wall | starts every night | "
                "made sleep impossible | disturbs the whole floor"
            ),
        ),
        "V6": Topic(
            "the bathroom",
            phrases(
                "the shower | the toilet | the washbasin | the bathtub | the tap | the shower head | the bidet | "
                "the bathroom sink"
            ),
            phrases(
                "is blocked | drips all day | leaks onto the tiles | gives brown water | has a crack | has only "
                "cold water"
            ),
        ),
        "G9": Topic(
            "breakfast",
            phrases(
                "the coffee | the scrambled egg | the porridge | the toast | the orange juice | the bacon | the "
                "croissant | the muesli"
            ),
            phrases(
                "was served cold | ran out at eight | should be brought to the room | tasted stale | has to be free "
                "of nuts | is wanted at six"
            ),
        ),
        "S4": Topic(
            "taxis and trips",
            phrases(
                "a taxi | a minibus | the airport shuttle | a limousine | a rental car | a cab for four | a coach | "
                "the station shuttle"
            ),
            phrases(
                "is needed at noon | did not come | has to be booked for tomorrow | must have a seat for a toddler "
                "| was half an hour late | should wait at the main entrance"
            ),
        ),
        "N7": Topic(
            "laundry and clothes",
            phrases(
                "a white shirt | a silk blouse | a grey suit | an evening dress | a pair of trousers | a wool "
                "pullover | a linen jacket | a pleated skirt"
            ),
            phrases(
                "has to be ironed | came back with a stain | has shrunk in the wash | needs dry cleaning | is to be "
                "washed by hand | lost a button in the machine"
            ),
        ),
    },
    extras={
        "mood": phrases(
            "noted at the desk | written down by the porter | as told on the telephone | for the next shift | "
            "please read this | seen on the round | the guest is furious | the guest shouted at us | an angry "
            "guest, who slammed the desk | the guest was very rude | the guest swore at the porter | the guest is "
            "outraged | the guest is friendly | the guest smiled and thanked us | a cheerful guest, who made a joke "
            "| the guest was very polite | the guest was kind to the porter | the guest is in a good mood"
        ),
        "stay": phrases(
            "room 114 | third floor | the room facing the park | a double room | room 27 | fifth floor | here for "
            "the first time | new to this house | never here before | on a first visit | a newcomer to us | not "
            "known to us | a regular of many years | back for the tenth time | here every summer | a regular guest "
            "| well known to all of us | one of our oldest regulars"
        ),
    },
    patterns=(
        "{Core}. {Mood}; {stay}.",
        "Room note: {core}. {Mood}. {Stay}.",
        "{Mood}, {stay}. {Core}.",
        "{Stay}. {Mood}. {Core}.",
        "Night shift: {core}. {Mood}, {stay}.",
    ),
)
