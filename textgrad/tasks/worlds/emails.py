"""Emails to an online shop, forwarded by topic."""

from textgrad.tasks.worlds._world import Topic, World, phrases

WORLD = World(
    purpose="report",
    task="Forward each email to an online shop to the mailbox that answers it.",
    topics={
        "C3": Topic(
            "delivery",
            phrases(
                "the parcel | my delivery | the package | the shipment | the second box | the courier | "
                "the tracking number | the express delivery"
            ),
            phrases(
                "is three days late | went to a neighbour | never reached my street | is stuck at customs | "
                "says delivered although nothing came | should come on Saturday"
            ),
        ),
        "H7": Topic(
            "passwords or login",
            phrases(
                "my password | the login | my user name | the sign-in code | the reset link | the login page | "
                "the security question | the new password"
            ),
            phrases(
                "does not work | is rejected | was forgotten | is not accepted on my tablet | has expired | "
                "locks me out of my account"
            ),
        ),
        "L5": Topic(
            "invoices or payment",
            phrases(
                "the invoice | the bill | the payment by credit card | the direct debit | the bank transfer | "
                "the payment reminder | the receipt | the second instalment"
            ),
            phrases(
                "shows the wrong total | was charged twice | lacks the tax number | is still open in your books | "
                "was booked in the wrong currency | has the wrong date"
            ),
        ),
        "E9": Topic(
            "vouchers or discounts",
            phrases(
                "the discount code | my gift voucher | the coupon | the loyalty discount | the student discount | "
                "the gift card | the birthday voucher | the promotion code"
            ),
            phrases(
                "is worth less than promised | is said to be used up | cannot be combined with the sale | "
                "does not lower the price | ran out yesterday | takes off five percent only"
            ),
        ),
        "Z2": Topic(
            "the newsletter or advertising",
            phrases(
                "the newsletter | your weekly newsletter | the advertising by email | the paper catalogue | "
                "your advertising flyer | the advertising text message | the Christmas catalogue | the marketing mail"
            ),
            phrases(
                "comes far too often | should go to another address | cannot be unsubscribed | is no longer wanted | "
                "should please stop | was ordered but never came"
            ),
        ),
        "N6": Topic(
            "jobs or applications",
            phrases(
                "my job application | my application as a driver | the internship | the job advertisement | "
                "the job interview | the vacancy in sales | my CV | the apprenticeship"
            ),
            phrases(
                "has not been answered yet | is meant for the warehouse | has to be moved to Monday | "
                "was sent in last month | is for next summer | interests my brother"
            ),
        ),
    },
    extras={
        "greeting": phrases(
            "hello | good morning | dear team | dear Sir or Madam | hi there | good evening | hi all | dear shop | "
            "greetings from Leeds | hello from Cork | good day | to whom it may concern"
        ),
        "closing": phrases(
            "please help | thank you | kind regards, Ann | I wait for your reply | what can be done | please call me | "
            "yours, Peter | thanks, Maria | best wishes | I have been a customer for years | this is my second email | "
            "please write back soon"
        ),
    },
    patterns=(
        "{Greeting}, {core}. {Closing}.",
        "{Greeting}! {Core}. {Closing}.",
        "{Greeting}. I write because {core}. {Closing}.",
        "{Greeting}, as I said on the telephone, {core}. {Closing}.",
        "{Greeting}, just to let you know: {core}. {Closing}.",
        "{Greeting}, I am sorry to say that {core}. {Closing}.",
        "{Greeting}, my wife told me that {core}. {Closing}.",
        "{Core}. {Closing}. ({Greeting}!)",
    ),
)
