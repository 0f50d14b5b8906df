//! Somebody comes: time tables of who is told, by which telephone, and what becomes of their answers, on the whole station with
//! its queue, in virtual time. Each is named after the rule of care that it proves.

mod street;

mod names;

mod village;

mod heard;

mod comes;

mod one_modem;

mod right;

mod duty;

mod consent;

mod away;

mod power;

mod record;

mod visits;
