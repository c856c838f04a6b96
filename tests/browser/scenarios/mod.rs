//! All scenarios, by subject. Each runs in a fresh world, in all three engines at once.

mod access;
mod accounts;
mod admin;
mod composer;
mod connection;
mod conversation;
mod files;
mod history;
mod layout;
mod lazy;
mod messages;
mod navigation;
mod people;
mod rooms;
mod search;
mod status;

use crate::driver::Outcome;
use crate::soak;
use crate::world::World;

pub type Scenario = fn(&World) -> Outcome;

/// Names each scenario by its module and its function.
macro_rules! scenarios {
    ($($subject:ident: $($name:ident),+;)+) => {
        &[$($((concat!(stringify!($subject), "::", stringify!($name)), $subject::$name as Scenario)),+),+]
    };
}

pub const ALL: &[(&str, Scenario)] = scenarios! {
    accounts:
        the_first_one_here_owns_the_server,
        others_sign_up_and_everybody_talks,
        a_taken_name_is_said_and_what_was_typed_stays,
        a_wrong_password_is_said_without_saying_what_was_wrong,
        the_password_can_be_shown_and_hidden,
        the_hint_follows_the_strength_of_the_password,
        the_forms_work_without_script,
        logging_out_ends_the_session_in_every_tab,
        scripts_cannot_read_the_session;
    conversation:
        every_script_and_emoji_arrives_as_written,
        html_is_text,
        shift_enter_makes_a_line,
        the_button_sends_and_an_empty_box_does_not,
        too_long_a_message_is_neither_sent_nor_lost,
        everybody_sees_the_same_order,
        two_tabs_of_one_person_agree,
        who_types_is_told_until_they_send,
        who_is_here_grows_and_shrinks,
        a_draft_survives_a_reload;
    lazy:
        it_comes_at_the_first_sign_of_somebody_and_then_needs_no_network,
        each_thing_opens_at_its_first_use,
        what_does_not_come_is_said_and_comes_when_there_is_a_way,
        a_page_of_an_older_version_makes_way_for_a_newer_one,
        a_page_that_does_not_get_newer_says_so;
    connection:
        everybody_comes_back_after_a_restart,
        everybody_comes_back_after_a_kill,
        messages_written_without_network_go_out_once_and_in_order,
        a_link_that_went_dead_silently_is_noticed,
        unsent_messages_survive_a_reload,
        a_lost_answer_makes_no_second_message,
        a_refused_message_says_why_and_can_be_deleted,
        a_full_disk_is_said_and_try_again_sends,
        everybody_is_told_that_nothing_is_saved_and_whoever_can_help_what_to_do;
    history:
        older_messages_load_without_moving_what_is_read,
        what_came_meanwhile_stands_under_a_line,
        the_latest_is_one_click_away,
        scrolling_that_ends_late_does_not_undo_the_jump_to_the_latest;
    rooms:
        a_room_is_made_found_and_joined,
        who_is_removed_hears_and_sees_nothing_more,
        direct_messages_reach_only_who_is_in_them,
        counts_agree_on_all_devices_of_one_person,
        a_permalink_opens_the_room_around_its_message,
        the_switcher_and_the_keys_go_anywhere,
        a_profile_and_settings_are_kept_and_shown;
    messages:
        reactions_are_counted_once_for_each_person,
        an_edit_is_marked_and_a_deletion_can_be_undone,
        a_reply_leads_to_what_it_answers,
        markdown_becomes_elements_and_nothing_else,
        names_rooms_and_emoji_are_completed,
        pins_and_saved_messages_have_their_lists,
        actions_without_network_happen_once_it_is_back;
    composer:
        who_edits_by_the_arrow_goes_on_writing,
        an_edit_waits_in_its_room_with_its_words,
        undo_takes_back_what_keys_and_lists_put_in,
        the_formatting_bar_is_there_for_who_wants_it,
        what_was_written_in_a_dialog_is_not_thrown_away_unasked;
    navigation:
        people_and_rooms_that_are_not_loaded_are_found,
        a_link_to_a_room_leads_in_or_says_why_not,
        the_emoji_meant_comes_first_and_the_picker_keeps_the_focus,
        a_room_is_found_again_where_it_was_left,
        the_key_for_the_end_goes_to_the_latest_message,
        back_on_a_phone_closes_what_lies_on_top,
        the_keys_reach_every_part_and_single_keys_can_be_off,
        what_the_mouse_finds_is_there_for_others_too;
    people:
        who_has_read_is_told_by_name_unless_they_keep_it_to_themselves,
        what_is_said_elsewhere_is_notified_as_each_room_wants_it,
        a_picture_is_cropped_here_and_shown_to_everybody,
        another_password_logs_the_other_devices_out,
        a_message_goes_on_to_another_room;
    status:
        members_are_here_or_not_and_follow_who_comes_and_goes,
        who_has_reacted_is_told_to_keys_as_to_the_pointer,
        a_pause_is_seen_and_is_ended_where_it_is_seen,
        who_is_blocked_is_listed_and_let_in_again,
        a_refusal_stays_until_it_is_put_away,
        settings_stand_in_line_and_their_list_follows_the_reader,
        the_page_runs_from_right_to_left_where_that_is_wanted,
        direct_messages_stand_by_what_was_said_last_and_wait_for_the_pointer,
        after_a_closed_room_the_next_one_is_written_in_at_once;
    admin:
        the_first_minute_shows_a_code_that_leads_in,
        whoever_has_the_link_comes_in_and_nobody_else,
        the_owner_decides_who_is_what_and_who_is_out,
        a_lost_password_is_set_anew_by_a_link,
        the_owner_takes_a_backup_from_the_page,
        the_servers_page_has_no_barriers;
    search:
        a_search_leads_to_the_message_and_the_pane_stays,
        hits_are_loaded_while_one_scrolls_and_are_never_out_of_date,
        a_search_that_finds_nothing_says_what_to_do,
        searching_has_no_barriers;
    files:
        a_picture_and_a_file_arrive_by_every_road,
        pictures_are_looked_at_one_after_the_other,
        a_deleted_message_takes_its_files_with_it,
        a_message_waits_for_its_files_over_a_lost_connection,
        what_has_arrived_survives_a_reload,
        a_file_that_cannot_be_sent_says_why,
        files_have_no_barriers;
    layout:
        a_phone_shows_one_screen_at_a_time,
        nothing_scrolls_sideways,
        dark_is_dark_and_light_is_light;
    access:
        everything_works_from_the_keyboard,
        the_sign_in_pages_have_no_barriers,
        the_conversation_has_no_barriers,
        rooms_dialogs_and_menus_have_no_barriers;
    soak:
        every_picture_equals_a_fresh_one_after_two_minutes_of_everything;
};
