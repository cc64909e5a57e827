//! Card proxy: the EXCHANGE binding, host side, over any link to a card.
