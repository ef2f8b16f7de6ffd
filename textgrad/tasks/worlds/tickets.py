"""Tickets of an office, routed by topic."""

from textgrad.tasks.worlds._world import Topic, World, phrases

WORLD = World(
    purpose="design",
    task="Route each ticket of an office to the team that handles it.",
    topics={
        "K7": Topic(
            "printers, copiers or scanners",
            phrases(
                "the printer on the second floor | the copier by the lift | the big scanner | the label printer | "
                "the plotter in the drawing office | the colour copier | the photo printer | the slide scanner"
            ),
            phrases(
                "keeps jamming | leaves grey stripes on every page | eats the paper | stops after one page | makes "
                "every page too dark | says that the paper tray is empty"
            ),
        ),
        "B4": Topic(
            "doors, locks or gates",
            phrases(
                "the lock of the side entrance | the turnstile in the lobby | the gate of the bicycle cellar | the "
                "back door | the door of the archive | the barrier of the car park | the shutter of the garage | "
                "the lock of the lift shaft"
            ),
            phrases(
                "no longer opens | does not accept my badge | stays open all night | stays shut whatever I try | "
                "rejects everybody's key card | closes too fast"
            ),
        ),
        "R3": Topic(
            "heating or air conditioning",
            phrases(
                "the radiator in room twelve | the air conditioning upstairs | the heating in the corner office | "
                "the ventilation of the canteen | the thermostat by my window | the fan heater | the boiler | the "
                "floor heating"
            ),
            phrases(
                "gives cold air only | cannot be turned down | has kept us at thirty degrees since Monday | rattles "
                "and gives no warmth | is stuck at the lowest temperature | makes the room far too hot"
            ),
        ),
        "T2": Topic(
            "furniture",
            phrases(
                "my desk | the bookshelf | the swivel chair | the filing cabinet | the sofa in the lounge | the "
                "wardrobe | the long table | the footstool"
            ),
            phrases(
                "wobbles | has a broken leg | has lost a screw | has to be moved to another room | is scratched all "
                "over | fell apart this morning"
            ),
        ),
        "F6": Topic(
            "telephones or headsets",
            phrases(
                "the telephone at reception | my headset | the conference phone | the answering machine | the "
                "handset of the night guard | the emergency telephone | the cordless phone | the intercom"
            ),
            phrases(
                "has no dial tone | crackles during every call | no longer rings | cuts callers off | has lost its "
                "saved numbers | diverts calls to the wrong person"
            ),
        ),
        "W5": Topic(
            "computers",
            phrases(
                "the laptop | the new notebook | the tablet from the pool | the workstation under the window | the "
                "old PC | the computer in the lab | the mail server | the netbook"
            ),
            phrases(
                "does not start | freezes after the login | shows a blue screen | is very slow since the update | "
                "has forgotten all files | asks for a recovery password"
            ),
        ),
    },
    extras={
        "urgency": phrases(
            "thank you | please have a look | thanks in advance | please let me know | greetings | best wishes | "
            "this is urgent | we need help within the hour | please come at once | it cannot wait | everything "
            "stands still because of it | we need it fixed right now | there is no hurry | next week is early "
            "enough | any time this month will do | it can wait | take your time | it is not urgent at all"
        ),
        "sender": phrases(
            "a colleague | somebody at reception | a member of staff | the night guard | one of us | the canteen "
            "cook | the sales manager | the managing director | our finance manager | the plant manager | the "
            "deputy director | the personnel manager | a trainee in sales | the new intern | an apprentice from the "
            "workshop | a student trainee | the summer intern | a first-year apprentice"
        ),
    },
    patterns=(
        "{Core}. {Urgency}. Sent by {sender}.",
        "{Sender} writes: {core}. {Urgency}.",
        "{Urgency}. {Core}. Reported by {sender}.",
        "Call from {sender}: {core}. {Urgency}.",
        "{Core}, says {sender}. {Urgency}.",
    ),
)
