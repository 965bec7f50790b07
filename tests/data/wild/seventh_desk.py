"""A person's own tickets, mails and posts.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import Has, Turn, Wild, table, wild

DESK: tuple[Wild, ...] = (
    wild(
        "tickets of a router maker with subject, description and agent reply",
        table(
            [
                [
                    "48210",
                    "No internet after storm",
                    "Since last night the globe light is red. I already pulled the plug twice.",
                    "solved",
                    "high",
                    "The red globe means that the router is fine but the line is not. There is an outage in "
                    "your area, repair is expected by 18:00.",
                    "5",
                ],
                [
                    "48213",
                    "Change wifi name",
                    "How can I rename my network?",
                    "solved",
                    "low",
                    "Open 192.168.1.1, choose Wireless, type the new name and press Apply. All devices must "
                    "log in again.",
                    "5",
                ],
                [
                    "48219",
                    "Slow upstairs",
                    "In the attic I get 3 Mbit, downstairs 200.",
                    "solved",
                    "normal",
                    "Two concrete floors swallow most of the signal. A mesh point on the first floor will "
                    "help; we lend you one for two weeks.",
                    "4",
                ],
                [
                    "48224",
                    "Invoice",
                    "I was billed twice in March.",
                    "solved",
                    "normal",
                    "You are right, I am sorry. The second amount goes back to your account within five days.",
                    "3",
                ],
                [
                    "48230",
                    "Port forwarding",
                    "My game says NAT type strict.",
                    "closed",
                    "normal",
                    "Switch on UPnP under Advanced, restart the console, and test the connection again.",
                    "",
                ],
                [
                    "48237",
                    "Forgot admin password",
                    "I cannot get into the settings any more.",
                    "solved",
                    "normal",
                    "Hold the reset button for ten seconds. The password is then the one on the label underneath.",
                    "5",
                ],
                [
                    "48241",
                    "Parental control",
                    "Can I switch off my son's tablet at nine?",
                    "solved",
                    "low",
                    "Yes: Family, Devices, pick the tablet, Bedtime, 21:00 to 07:00.",
                    "5",
                ],
            ],
            ["Ticket ID", "Subject", "Description", "Status", "Priority", "Agent Reply", "CSAT"],
            name="tickets_q1.csv",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "Since last night the globe light is red."),
                {
                    "role": "assistant",
                    "content": "The red globe means that the router is fine but the line is not. There is an outage in "
                    "your area, repair is expected by 18:00.",
                },
            ]
        },
        rows=7,
    ),
    wild(
        "issues of a tracker with two columns named comment",
        table(
            [
                [
                    "GAR-101",
                    "Watering plan ignores rain",
                    "Bug",
                    "Steps: set a plan, wait for rain, the pump still runs at six.",
                    "Done",
                    "Looks like the forecast is fetched after the plan has started.",
                    "Fixed: the forecast is now fetched half an hour before each run.",
                ],
                [
                    "GAR-104",
                    "Crash when the garden has no name",
                    "Bug",
                    "Create a garden, leave the name empty, press save. The app closes.",
                    "Done",
                    "Null name reaches the slug function.",
                    "Empty names are now refused with a hint below the field.",
                ],
                [
                    "GAR-107",
                    "Export of the diary as PDF",
                    "Story",
                    "As a gardener I want to print my diary at the end of the year.",
                    "Done",
                    "Two columns or one?",
                    "Built with one column, pictures at half width.",
                ],
                [
                    "GAR-110",
                    "Frost warning in Celsius only",
                    "Bug",
                    "American users see 0 degrees and panic.",
                    "Won't Do",
                    "We have eleven users in the US.",
                    "Closed until the unit setting arrives in GAR-122.",
                ],
                [
                    "GAR-115",
                    "Moon calendar",
                    "Story",
                    "Many ask for sowing by the moon.",
                    "Open",
                    "Is there any evidence?",
                    "None, but they ask.",
                ],
                [
                    "GAR-118",
                    "Sort plants by height",
                    "Task",
                    "Tall plants at the back of the bed, in the list as well.",
                    "Done",
                    "Ascending or descending?",
                    "Both, with an arrow.",
                ],
            ],
            ["Issue key", "Summary", "Issue Type", "Description", "Status", "Comment", "Comment"],
            name="Jira.csv",
        ),
        "sft cpt",
    ),
    wild(
        "mails of a small firm with the folder where they belong",
        table(
            [
                [
                    "Dear team, attached is our invoice 2291 for the cleaning in May. Payable within 14 days.",
                    "Invoices",
                ],
                [
                    "Hi! I saw your advert for a joiner and would like to send you my CV. May I come for a trial day?",
                    "Applications",
                ],
                ["The shelf arrived with a broken corner. I would like a replacement, not a refund.", "Complaints"],
                [
                    "Congratulations, you have been selected to receive 4,000,000 dollars. Reply with your "
                    "bank details.",
                    "Spam",
                ],
                ["Could you make a table of 240 x 95 cm in ash, oiled, and what would it cost?", "Enquiries"],
                ["Reminder: invoice 2250 is still open. Please disregard if you have paid.", "Invoices"],
                ["Your drawers are wonderful, but two of the handles are scratched.", "Complaints"],
                ["Do you also repair chairs with woven seats?", "Enquiries"],
                ["I have finished school in June and look for an apprenticeship from September.", "Applications"],
            ],
            ["Mail", "Folder"],
            name="posteingang.csv",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "Dear team, attached is our invoice 2291"),
                {"role": "assistant", "content": Has("Invoices")},
            ]
        },
        {
            "messages": [
                Turn("system"),
                Turn("user", "Dear team, attached is our invoice 2291"),
                {"role": "assistant", "content": Has("Invoices")},
            ]
        },
        rows=9,
    ),
    wild(
        "folder of single mails from a choir",
        {
            f"Inbox/{number:03d} {subject}.eml": f"From: {sender}\r\nTo: choir@example.org\r\n"
            f"Subject: {subject}\r\nDate: {date}\r\n"
            f"Message-ID: <{number}@example.org>\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n".encode()
            for number, (subject, sender, date, body) in enumerate(
                [
                    (
                        "Rehearsal moved",
                        "Ruth Salm <ruth@example.org>",
                        "Mon, 04 Mar 2024 09:12:00 +0100",
                        "Dear all,\r\n\r\nthe parish hall is taken on Thursday, so we sing in the school, "
                        "room 12, at half past seven. Please bring the Rheinberger.\r\n\r\nRuth",
                    ),
                    (
                        "Black folders",
                        "Jon Abbott <jon@example.org>",
                        "Tue, 05 Mar 2024 20:40:00 +0100",
                        "I have twelve black folders left over from the Christmas concert. Whoever needs "
                        "one, tell me by Sunday, I shall bring them along.\r\n\r\nJon",
                    ),
                    (
                        "Tenor wanted",
                        "Ruth Salm <ruth@example.org>",
                        "Fri, 08 Mar 2024 11:03:00 +0100",
                        "Two of our four tenors move away in May. Do you know somebody who sings in the bath "
                        "and could be tempted out of it? A trial evening costs nothing, and afterwards there "
                        "is cake.",
                    ),
                    (
                        "Programme of the summer concert",
                        "Ida Franke <ida@example.org>",
                        "Sun, 10 Mar 2024 17:25:00 +0100",
                        "Here is the order as we left it: Schütz, Rheinberger, then the three folk songs, "
                        "the break, and after it the Vaughan Williams. The encore stays a secret, even from "
                        "the basses.",
                    ),
                    (
                        "Lost umbrella",
                        "Paul Mbeki <paul@example.org>",
                        "Wed, 13 Mar 2024 08:15:00 +0100",
                        "Somebody went home with my green umbrella and left me a blue one with a duck's "
                        "head. I like the duck, but I would rather have mine.",
                    ),
                ],
                1,
            )
        },
        "cpt sft",
    ),
    wild(
        "mailbox with newsletters of a hill walking club",
        {
            "newsletter.mbox": "\n".join(
                f"From club@example.org {stamp}\nFrom: Hill Club <club@example.org>\nTo: members@example.org\n"
                f"Subject: {subject}\nDate: {date}\nContent-Type: text/plain; charset=utf-8\n\n{body}\n"
                for subject, stamp, date, body in [
                    (
                        "Newsletter January",
                        "Mon Jan  1 08:00:00 2024",
                        "Mon, 01 Jan 2024 08:00:00 +0000",
                        "The first walk of the year leads along the canal, since the tops are iced. Bring "
                        "spikes all the same.\n\nThe subscription stays at eighteen pounds. The treasurer "
                        "asks for it before the snow melts.",
                    ),
                    (
                        "Newsletter February",
                        "Thu Feb  1 08:00:00 2024",
                        "Thu, 01 Feb 2024 08:00:00 +0000",
                        "The bridge at Kettle Ford is gone. Until it is built again, walks in the eastern "
                        "valley begin from the quarry, which adds two miles and a good view.\n\n"
                        "Thanks to Moira, who carried the old first-aid box down and a new one up.",
                    ),
                    (
                        "Newsletter March",
                        "Fri Mar  1 08:00:00 2024",
                        "Fri, 01 Mar 2024 08:00:00 +0000",
                        "Lambing has begun, so dogs stay on the lead or at home. Farmer Birkett let us "
                        "through for thirty years because we kept to that.\n\n"
                        "The map evening is on the twelfth. We learn to take a bearing in fog, indoors, with "
                        "the lights out.",
                    ),
                    (
                        "Newsletter April",
                        "Mon Apr  1 08:00:00 2024",
                        "Mon, 01 Apr 2024 08:00:00 +0000",
                        "Eleven of us saw the sunrise from Crag End at Easter, and four saw it from the car "
                        "park, having overslept.\n\nBoots for sale: size 42, worn twice, by somebody who now "
                        "sails.",
                    ),
                ]
            ).encode()
        },
        "cpt sft",
    ),
    wild(
        "posts of a journal about bread as a sheet with markup",
        table(
            [
                [
                    "101",
                    "Why my crust was pale",
                    "<!-- wp:paragraph --><p>For a year my loaves came out the colour of a cardboard box. I "
                    "blamed the oven, the flour and, once, the moon.</p><!-- /wp:paragraph --><!-- "
                    "wp:paragraph --><p>It was the steam. I let it in, but I never let it out. Now I open "
                    "the door after fifteen minutes, and the crust <em>sings</em>.</p><!-- /wp:paragraph -->",
                    "2023-10-02 07:30:00",
                    "publish",
                    "baking",
                ],
                [
                    "108",
                    "Rye is not wheat",
                    "<p>Rye has little gluten that holds, so kneading it is like kneading a beach. Mix it, "
                    "shape it with wet hands and let it be.</p><p>What holds a rye loaf together is starch, "
                    "and starch wants acid. Hence the sourdough.</p>",
                    "2023-11-15 07:30:00",
                    "publish",
                    "baking, rye",
                ],
                [
                    "113",
                    "A visit to the mill",
                    "<p>The miller of Ardley has floury eyebrows and no patience with the word "
                    "<strong>artisanal</strong>. He grinds on stones because his father did.</p><ul><li>The "
                    "stones are dressed twice a year.</li><li>The wheat comes from within ten "
                    "miles.</li></ul>",
                    "2023-12-01 07:30:00",
                    "publish",
                    "travel",
                ],
                [
                    "120",
                    "On giving bread away",
                    "<p>Two loaves come out of my oven because one would waste the heat. The second goes to "
                    "whoever I meet first, and that is how I know the postman's children by name.</p>",
                    "2024-01-20 07:30:00",
                    "publish",
                    "life",
                ],
                [
                    "126",
                    "Salt, weighed at last",
                    "<p>Two percent of the flour. I threw it in by hand for years and wondered why some "
                    "weeks tasted of nothing and others of the sea.</p>",
                    "2024-02-11 07:30:00",
                    "draft",
                    "baking",
                ],
            ],
            ["ID", "post_title", "post_content", "post_date", "post_status", "tags"],
            name="wp_posts.csv",
        ),
        "cpt",
        {"text": Has("For a year my loaves came out the colour of a cardboard box.", "It was the steam.")},
        rows=5,
    ),
)
"""A person's own tickets, mails and posts."""
