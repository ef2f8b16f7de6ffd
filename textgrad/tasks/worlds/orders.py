"""Orders of a wholesaler, passed on by topic."""

from textgrad.tasks.worlds._world import Topic, World, phrases

WORLD = World(
    purpose="report",
    task="Pass each order of a wholesaler to the hall that packs it.",
    topics={
        "K2": Topic(
            "bread or cake",
            phrases(
                "rye bread | bagels | poppy seed rolls | plum cake | baguettes | cheesecake | pretzels | flatbread"
            ),
            phrases(
                "fresh from the oven | in slices | without yeast | of yesterday's batch | for the freezer | with a "
                "dark crust"
            ),
        ),
        "D5": Topic(
            "fish or seafood",
            phrases("salmon | smoked eel | cod | tuna | herring | prawns | trout | mussels"),
            phrases("on ice | without bones | from the North Sea | in brine | caught this week | cleaned and gutted"),
        ),
        "R6": Topic(
            "fruit",
            phrases("pears | cherries | bananas | grapes | peaches | lemons | strawberries | apples"),
            phrases("of the first class | ripe and sweet | from the valley | without stalks | for jam | in season"),
        ),
        "T8": Topic(
            "tools",
            phrases("hammers | screwdrivers | saws | pliers | cordless drills | chisels | spanners | axes"),
            phrases(
                "with a wooden handle | made of steel | for left-handers | with a spare blade | of the old make | "
                "for heavy work"
            ),
        ),
        "G4": Topic(
            "drinks",
            phrases("mineral water | lager | ginger ale | red wine | lemonade | iced tea | cider | tonic water"),
            phrases(
                "in glass bottles | without sugar | in cans | with little gas | from the local spring | well chilled"
            ),
        ),
        "W9": Topic(
            "flowers or plants",
            phrases("tulips | roses | potted ferns | lilies | orchids | daisies | carnations | sunflowers"),
            phrases(
                "with long stems | in bud | in mixed shades | without thorns or pollen | with some moss | for a "
                "sunny sill"
            ),
        ),
    },
    extras={
        "amount": phrases(
            "some | the usual amount of | a few boxes of | a delivery of | the next lot of | our order of | a whole "
            "truckload of | two thousand boxes of | ninety pallets of | a huge load of | a full container of | five "
            "hundred crates of | one small box of | a single carton of | just two packs of | a little bag of | only "
            "one tray of | a tiny parcel of"
        ),
        "buyer": phrases(
            "the corner shop | a restaurant | the town hall | a petrol station | the theatre | a hotel | the city "
            "hospital | the children's hospital | a hospital ward | the county hospital | the university hospital | "
            "a military hospital | the primary school | a boarding school | the music school | the village school | "
            "a school canteen | the evening school"
        ),
    },
    patterns=(
        "Please send {amount} {core} to {buyer}.",
        "{Buyer} wants {amount} {core}.",
        "{Amount} {core}, please. The address is {buyer}.",
        "We need {amount} {core}. Deliver to {buyer}.",
        "Order from {buyer}: {amount} {core}.",
    ),
)
