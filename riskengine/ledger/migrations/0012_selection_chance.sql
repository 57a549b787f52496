-- When a day's plan is added to, whoever it held already could have come by the larger plan as well: their chance is then
-- that of the whole plan. The chance they had before stays where it was written.
CREATE TABLE selection_chance (
    planned_for DATE NOT NULL,
    identity VARCHAR NOT NULL,
    probability DOUBLE NOT NULL,
    planned_at TIMESTAMP NOT NULL        -- when the plan was added to; the latest holds
);
