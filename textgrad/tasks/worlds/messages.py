"""Messages to an animal clinic, assigned by topic."""

from textgrad.tasks.worlds._world import Topic, World, phrases

WORLD = World(
    purpose="report",
    task="Assign each message to an animal clinic to the person who answers it.",
    topics={
        "Q4": Topic(
            "teeth",
            phrases(
                "a lower tooth | the left fang | one molar | a milk tooth | an upper incisor | the gum | the row of "
                "front teeth | a back tooth"
            ),
            phrases(
                "is loose | has turned brown | bleeds when it bites | broke on a bone | hurts with every bite | is "
                "covered in tartar"
            ),
        ),
        "J9": Topic(
            "food",
            phrases(
                "the tinned meat | the dry food | the diet food | the bowl of rice | the raw chicken | the liver "
                "snack | the evening meal | the new kibble"
            ),
            phrases(
                "is left in the bowl | is eaten far too greedily | comes up again after a minute | seems too fatty "
                "| may be too much for one day | is refused"
            ),
        ),
        "X2": Topic(
            "skin or fur",
            phrases(
                "the fur on the back | the skin of the belly | the coat | the skin under the collar | the fur at "
                "the neck | the hair on the tail | the undercoat | the bare patch on the side"
            ),
            phrases("is full of fleas | itches all day | falls out | is red and flaky | has a rash | is matted"),
        ),
        "A5": Topic(
            "bills and payment",
            phrases(
                "the invoice | your last bill | the reminder | the receipt | the refund | the instalment | the "
                "direct debit | the estimate"
            ),
            phrases(
                "shows the wrong amount | has not arrived | was paid twice | lists a fee that I do not know | is "
                "higher than agreed | needs my new bank account"
            ),
        ),
        "U3": Topic(
            "eyes",
            phrases(
                "the left eye | the right eye | one eyelid | the pupil | the cornea | the lower lid | the corner of "
                "the eye | the third eyelid"
            ),
            phrases(
                "is cloudy | waters all the time | does not open | is swollen and pink | blinks without a pause | "
                "looks bigger than usual"
            ),
        ),
        "Y8": Topic(
            "legs or paws",
            phrases(
                "the left front paw | a hind leg | one claw | the right knee | the pad of one paw | the hip | the "
                "ankle | one toe"
            ),
            phrases(
                "is limp when walking | has a splinter | is twisted | cannot bear any weight | was caught in a trap "
                "| is stiff at every step"
            ),
        ),
    },
    extras={
        "animal": phrases(
            "my rabbit | our parrot | my hamster | our goat | my pony | our ferret | my dog | our puppy | my old "
            "beagle | our terrier | the sheepdog | my dachshund | my cat | our kitten | my Siamese cat | our tomcat "
            "| the tabby cat | my Persian cat"
        ),
        "time": phrases(
            "I hope that you can help | thank you | please call me | what should I do | please write back | I look "
            "forward to your reply | it began today | it started an hour ago | this happened this morning | it is "
            "brand new | yesterday all was fine | I saw it for the first time just now | it has been so for years | "
            "this is an old problem | it keeps coming back every winter | you treated it last year already | it has "
            "been like that for months | we have had it since birth"
        ),
    },
    patterns=(
        "About {animal}: {core}. {Time}.",
        "{Core}. {Time}. I write about {animal}.",
        "{Time}: {core}. The patient is {animal}.",
        "Hello, this is about {animal}. {Core}. {Time}.",
        "I ask because of {animal}. {Time}. {Core}.",
    ),
)
