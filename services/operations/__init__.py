"""Operations: who lies where, how full the wards will be, and who should lie where next."""
